/* SPDX-License-Identifier: MIT */
/*
 * test_events.c - the line for programs: where it goes, and what it holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "events.h"
#include "fork.h"
#include "recorded.h"
#include "task.h"
#include "unit.h"

static const struct cf_event expired = {
	.ending = CF_EVENT_EXPIRED,
	.call = "close",
	.class = "write",
	.is_written = true,
	.handle = 7,
	.name = "/mnt/s3/a.parquet",
	.mount = "/mnt/s3",
	.type = "fuse.s3fs",
	.deadline_ns = 5000 * CF_MS,
	.waited_ns = 5001 * CF_MS,
	.result = -EIO,
};

static int given_tasks(void **state)
{
	(void)state;
	return cf_fork_begin() ? 0 : -1;
}

static const char *keys_of(const cJSON *event)
{
	static char keys[2][256];
	static int next;
	char *list = keys[next++ % 2];

	list[0] = '\0';
	for (const cJSON *item = event->child; item; item = item->next)
		strcat(strcat(list, item->string), " ");
	return list;
}

static void a_line_holds_every_key_of_the_manual(void **state)
{
	const char *path = unit_path("events");

	(void)state;
	cf_events_begin(path, NULL);
	errno = EDOM;
	cf_events_report(&expired);
	assert_int_equal(errno, EDOM);
	cJSON *event = recorded_event(path);
	assert_string_equal(keys_of(event),
			    "time pid comm call class handle name mount ending "
			    "deadline_ms waited_ms result errno ");
	assert_int_equal(strlen(recorded_string(event, "time")), 24);
	assert_int_equal(recorded_number(event, "pid"), getpid());
	assert_string_equal(recorded_string(event, "comm"), "unit_events");
	assert_string_equal(recorded_string(event, "call"), "close");
	assert_string_equal(recorded_string(event, "class"), "write");
	assert_int_equal(recorded_number(event, "handle"), 7);
	assert_string_equal(recorded_string(event, "name"), "/mnt/s3/a.parquet");
	assert_string_equal(recorded_string(event, "mount"), "/mnt/s3");
	assert_string_equal(recorded_string(event, "ending"), "expired");
	assert_int_equal(recorded_number(event, "deadline_ms"), 5000);
	assert_int_equal(recorded_number(event, "waited_ms"), 5001);
	assert_int_equal(recorded_number(event, "result"), -1);
	assert_string_equal(recorded_string(event, "errno"), "EIO");
	cJSON_Delete(event);
}

static void success_has_no_errno_and_no_deadline_is_null(void **state)
{
	struct cf_event finished = expired;

	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	finished.ending = CF_EVENT_FINISHED;
	finished.result = 0;
	finished.deadline_ns = CF_NEVER;
	cf_events_report(&finished);
	cJSON *event = recorded_event(unit_path("events"));
	assert_string_equal(recorded_string(event, "ending"), "finished");
	assert_int_equal(recorded_number(event, "result"), 0);
	assert_string_equal(recorded_string(event, "errno"), "");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(event, "deadline_ms")));
	cJSON_Delete(event);
}

static void what_was_only_observed_finished_and_says_what_would_have_been(void **state)
{
	struct cf_event observed = expired;

	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	observed.is_observed = true;
	cf_events_report(&observed);
	cJSON *event = recorded_event(unit_path("events"));
	assert_string_equal(recorded_string(event, "ending"), "finished");
	assert_string_equal(recorded_string(event, "would"), "expired");
	cJSON_Delete(event);
}

static const struct cf_event completed = {
	.ending = CF_EVENT_COMPLETED,
	.call = "curl_easy_cleanup",
	.class = "curl",
	.address = (const void *)0x55d0c0de,
	.is_address = true,
	.name = "answer of 10.0.0.1:21",
	.mount = "",
	.type = "libcurl",
	.deadline_ns = 200 * CF_MS,
	.waited_ns = 201 * CF_MS,
};

static void a_cleanup_of_libcurls_has_its_address_as_a_string(void **state)
{
	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	cf_events_report(&completed);
	cJSON *event = recorded_event(unit_path("events"));
	assert_string_equal(keys_of(event),
			    "time pid comm call class handle name mount ending "
			    "deadline_ms waited_ms result errno ");
	assert_string_equal(recorded_string(event, "ending"), "completed");
	assert_string_equal(recorded_string(event, "call"), "curl_easy_cleanup");
	assert_string_equal(recorded_string(event, "handle"), "0x55d0c0de");
	assert_string_equal(recorded_string(event, "name"), "answer of 10.0.0.1:21");
	assert_int_equal(recorded_number(event, "result"), 0);
	assert_string_equal(recorded_string(event, "errno"), "");
	cJSON_Delete(event);
}

static void a_second_cleanup_is_a_double(void **state)
{
	struct cf_event twice = completed;

	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	twice.ending = CF_EVENT_DOUBLE;
	cf_events_report(&twice);
	cJSON *event = recorded_event(unit_path("events"));
	assert_string_equal(recorded_string(event, "ending"), "double");
	assert_string_equal(recorded_string(event, "handle"), "0x55d0c0de");
	cJSON_Delete(event);
}

static void an_observed_cleanup_finished_and_would_have_completed(void **state)
{
	struct cf_event observed = completed;

	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	observed.is_observed = true;
	observed.result = 3; /* libcurl's own codes are no errno */
	cf_events_report(&observed);
	cJSON *event = recorded_event(unit_path("events"));
	assert_string_equal(recorded_string(event, "ending"), "finished");
	assert_string_equal(recorded_string(event, "would"), "completed");
	assert_int_equal(recorded_number(event, "result"), 3);
	assert_string_equal(recorded_string(event, "errno"), "");
	cJSON_Delete(event);
}

static void nasty_names_make_valid_lines_and_come_back_whole(void **state)
{
	static const char *const names[] = { "",
					     "/a\"b\\c",
					     "/tab\tnew\nline\x01\x7F",
					     "/\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80",
					     "/{\"pid\":1}",
					     "/\\u0041",
					     "/%s%n%p" };

	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct cf_event nasty = expired;

		nasty.name = nasty.mount = names[i];
		cf_events_report(&nasty);
		cJSON *event = recorded_event(unit_path("events"));
		assert_string_equal(recorded_string(event, "name"), names[i]);
		assert_string_equal(recorded_string(event, "mount"), names[i]);
		cJSON_Delete(event);
		unlink(unit_path("events"));
	}
}

static void bytes_that_are_no_text_make_valid_lines_too(void **state)
{
	struct cf_event nasty = expired;

	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	nasty.name = "/\xFF\xC0\x80\xED\xA0\x80\xE2\x82";
	cf_events_report(&nasty);
	cJSON *event = recorded_event(unit_path("events"));
	assert_string_equal(recorded_string(event, "ending"), "expired");
	cJSON_Delete(event);
}

static void p_is_the_pid_and_no_other_percent_is_touched(void **state)
{
	char name[64];

	(void)state;
	cf_events_begin(unit_path("%p-%q-%p%"), NULL);
	cf_events_report(&expired);
	snprintf(name, sizeof(name), "%d-%%q-%d%%", (int)getpid(), (int)getpid());
	cJSON_Delete(recorded_event(unit_path(name)));
}

static void a_relative_name_is_meant_where_the_program_began(void **state)
{
	(void)state;
	assert_int_equal(chdir(unit_path("")), 0);
	cf_events_begin("events", NULL);
	assert_int_equal(chdir("/"), 0);
	cf_events_report(&expired);
	cJSON_Delete(recorded_event(unit_path("events")));
}

static void what_waits_for_a_hand_is_parked(void **state)
{
	struct cf_event parked = expired;

	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	parked.ending = CF_EVENT_PARKED;
	parked.is_minor = true; /* no line for people, but one for programs */
	cf_events_report(&parked);
	cJSON *event = recorded_event(unit_path("events"));
	assert_string_equal(recorded_string(event, "ending"), "parked");
	cJSON_Delete(event);
}

static void lines_are_appended(void **state)
{
	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	cf_events_report(&expired);
	size_t first = strlen(recorded_lines(unit_path("events"), 1));
	cf_events_report(&expired);
	assert_true(strlen(recorded_lines(unit_path("events"), 2)) >= 2 * first - 2);
}

static void each_ending_goes_where_it_belongs(void **state)
{
	struct cf_event event = expired;
	const char *file = unit_path("events"), *run = unit_path("run");

	(void)state;
	close(open(run, O_CREAT | O_WRONLY, 0600));
	cf_events_begin(file, run);
	event.ending = CF_EVENT_FINISHED;
	cf_events_report(&event);
	assert_non_null(strstr(recorded_lines(file, 1), "\"finished\""));
	assert_string_equal(recorded_lines(run, 0), "");
	truncate(file, 0);
	cf_events_report(&(struct cf_event){ .ending = CF_EVENT_LOADED });
	assert_string_equal(recorded_lines(file, 0), "");
	cJSON *loaded = recorded_event(run);
	assert_string_equal(keys_of(loaded), "time pid comm ending ");
	assert_string_equal(recorded_string(loaded, "ending"), "loaded");
	cJSON_Delete(loaded);
	truncate(run, 0);
	cf_events_report(&completed); /* as what expired */
	cJSON_Delete(recorded_event(file));
	cJSON_Delete(recorded_event(run));
}

static void the_file_of_the_command_is_never_made(void **state)
{
	(void)state;
	cf_events_begin(NULL, unit_path("run"));
	cf_events_report(&expired);
	assert_int_equal(access(unit_path("run"), F_OK), -1);
}

static void write_to_a_file_of_its_own(void **state)
{
	char name[32];

	(void)state;
	cf_events_after_fork();
	cf_events_report(&expired);
	snprintf(name, sizeof(name), "events-%d", (int)getpid());
	cJSON *event = recorded_event(unit_path(name));
	assert_int_equal(recorded_number(event, "pid"), getpid());
	cJSON_Delete(event);
}

static void law_9_a_forked_child_writes_to_a_file_of_its_own(void **state)
{
	char name[32];

	(void)state;
	cf_events_begin(unit_path("events-%p"), NULL);
	unit_in_child(write_to_a_file_of_its_own, NULL);
	snprintf(name, sizeof(name), "events-%d", (int)getpid());
	assert_int_equal(access(unit_path(name), F_OK), -1);
}

static void *report_many(void *argument)
{
	for (int i = 0; i < 50; i++)
		cf_events_report(argument);
	return NULL;
}

static void lines_of_many_threads_stay_whole(void **state)
{
	struct cf_event finished = expired;
	pthread_t threads[20];
	int lines = 0;
	const char *end;

	(void)state;
	finished.ending = CF_EVENT_FINISHED;
	cf_events_begin(unit_path("events"), NULL);
	for (int i = 0; i < 20; i++)
		pthread_create(&threads[i], NULL, report_many, &finished);
	for (int i = 0; i < 20; i++)
		pthread_join(threads[i], NULL);
	for (const char *at = recorded_lines(unit_path("events"), 1000); *at;
	     at = end + 1, lines++) {
		cJSON *event = cJSON_ParseWithOpts(at, &end, false);

		assert_non_null(event);
		assert_int_equal(*end, '\n');
		cJSON_Delete(event);
	}
	assert_int_equal(lines, 1000);
}

static void law_11_no_fd_is_held(void **state)
{
	int fds = unit_count_fds();

	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	cf_events_report(&expired);
	assert_int_equal(unit_count_fds(), fds);
}

#define EVENT_TEST(function) cmocka_unit_test_setup(function, given_tasks)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EVENT_TEST(a_line_holds_every_key_of_the_manual),
		EVENT_TEST(success_has_no_errno_and_no_deadline_is_null),
		EVENT_TEST(what_was_only_observed_finished_and_says_what_would_have_been),
		EVENT_TEST(a_cleanup_of_libcurls_has_its_address_as_a_string),
		EVENT_TEST(a_second_cleanup_is_a_double),
		EVENT_TEST(an_observed_cleanup_finished_and_would_have_completed),
		EVENT_TEST(nasty_names_make_valid_lines_and_come_back_whole),
		EVENT_TEST(bytes_that_are_no_text_make_valid_lines_too),
		EVENT_TEST(p_is_the_pid_and_no_other_percent_is_touched),
		EVENT_TEST(a_relative_name_is_meant_where_the_program_began),
		EVENT_TEST(what_waits_for_a_hand_is_parked),
		EVENT_TEST(lines_are_appended),
		EVENT_TEST(each_ending_goes_where_it_belongs),
		EVENT_TEST(the_file_of_the_command_is_never_made),
		EVENT_TEST(law_9_a_forked_child_writes_to_a_file_of_its_own),
		EVENT_TEST(lines_of_many_threads_stay_whole),
		EVENT_TEST(law_11_no_fd_is_held),
	};

	return unit_run(tests);
}
