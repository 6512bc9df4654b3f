/* SPDX-License-Identifier: MIT */
/*
 * test_stderr_line.c - events.h once more: the line for people, word by word.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "events.h"
#include "fork.h"
#include "say.h"
#include "task.h"
#include "unit.h"

static int reader;
static char heard[8192];

static int given_a_pipe_for_stderr(void **state)
{
	(void)state;
	reader = unit_hear_stderr();
	cf_say_begin(false);
	return cf_fork_begin() ? 0 : -1;
}

static const char *hear(void)
{
	ssize_t length = read(reader, heard, sizeof(heard) - 1);

	heard[length > 0 ? length : 0] = '\0';
	return heard;
}

static struct cf_event expired_write(void)
{
	return (struct cf_event){
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
}

static void assert_says(const struct cf_event *event, const char *words)
{
	char expected[1024];

	cf_events_report(event);
	snprintf(expected, sizeof(expected), "curfew[%d]: %s\n", (int)getpid(), words);
	assert_string_equal(hear(), expected);
}

static void an_expired_write_is_told_as_in_the_manual(void **state)
{
	struct cf_event event = expired_write();

	(void)state;
	assert_says(&event,
		    "close fd 7 /mnt/s3/a.parquet (fuse.s3fs, written): over 5 s, "
		    "goes on in the background; close returned EIO");
	event.result = 0;
	assert_says(&event,
		    "close fd 7 /mnt/s3/a.parquet (fuse.s3fs, written): over 5 s, "
		    "goes on in the background; close returned 0");
}

static void what_was_ended_is_left_to_the_kernel(void **state)
{
	struct cf_event event = expired_write();

	(void)state;
	event.class = "socket";
	event.is_written = false;
	event.name = "";
	event.type = "lingering socket";
	event.deadline_ns = event.waited_ns = 300 * CF_MS;
	event.result = 0;
	event.is_over = true;
	assert_says(&event,
		    "close fd 7 (lingering socket): over 300 ms, left to the kernel; "
		    "close returned 0");
}

static void a_close_cut_short_by_a_sick_mount_says_so(void **state)
{
	struct cf_event event = expired_write();

	(void)state;
	event.waited_ns = 10 * CF_MS;
	assert_says(&event,
		    "close fd 7 /mnt/s3/a.parquet (fuse.s3fs, written): mount is "
		    "stuck, over 10 ms, goes on in the background; close returned "
		    "EIO");
}

static void what_was_only_observed_says_what_would_have_been(void **state)
{
	struct cf_event event = expired_write();

	(void)state;
	event.is_observed = true;
	event.waited_ns = 7500 * CF_MS;
	assert_says(&event,
		    "close fd 7 /mnt/s3/a.parquet (fuse.s3fs, written): took 7.5 s, "
		    "would have expired after 5 s");
}

static void control_characters_of_a_name_do_not_reach_the_terminal(void **state)
{
	struct cf_event event = expired_write();

	(void)state;
	event.name = "/a\x1B[2J\nb";
	event.type = "fuse\x07";
	assert_says(&event,
		    "close fd 7 /a?[2J?b (fuse?, written): over 5 s, goes on in the "
		    "background; close returned EIO");
}

static void what_finished_or_loaded_is_not_told(void **state)
{
	struct cf_event event = expired_write();

	(void)state;
	event.ending = CF_EVENT_FINISHED;
	cf_events_report(&event);
	cf_events_report(&(struct cf_event){ .ending = CF_EVENT_LOADED });
	assert_string_equal(hear(), "");
}

static struct cf_event completed_cleanup(void)
{
	return (struct cf_event){
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
}

static void a_cleanup_whose_wait_was_ended_says_for_what_it_waited(void **state)
{
	struct cf_event event = completed_cleanup();

	(void)state;
	assert_says(&event,
		    "curl_easy_cleanup: over 200 ms for the answer of 10.0.0.1:21; that "
		    "wait was ended, the rest is done; result 0");
	event.name = "resolve of a\x1B[2J.example";
	event.waited_ns = 10 * CF_MS; /* others of its multi have had the rest */
	event.result = 6;
	assert_says(&event,
		    "curl_easy_cleanup: nothing is left of 200 ms for the resolve of "
		    "a?[2J.example; that wait was ended, the rest is done; result 6");
}

static void an_observed_cleanup_says_what_would_have_been(void **state)
{
	struct cf_event event = completed_cleanup();

	(void)state;
	event.is_observed = true;
	event.waited_ns = 9500 * CF_MS;
	assert_says(&event, "curl_easy_cleanup: waited 9.5 s, would have ended that "
			    "after 200 ms");
}

static void a_second_cleanup_is_told_with_its_address(void **state)
{
	struct cf_event event = completed_cleanup();

	(void)state;
	event.ending = CF_EVENT_DOUBLE;
	assert_says(&event, "curl_easy_cleanup: a second cleanup of 0x55d0c0de, refused");
}

static void assert_complains_once(const char *path, const char *words)
{
	struct cf_event event = expired_write();

	event.ending = CF_EVENT_FINISHED;
	cf_events_begin(path, NULL);
	cf_events_report(&event);
	assert_non_null(strstr(hear(), words));
	cf_events_report(&event);
	assert_string_equal(hear(), "");
}

static void what_is_parked_is_done_when_it_can_be(void **state)
{
	struct cf_event event = expired_write();

	(void)state;
	event.ending = CF_EVENT_PARKED;
	event.is_written = false;
	event.is_address = true;
	event.address = (const void *)0x7f0000001000;
	event.call = "munmap";
	event.result = 0;
	assert_says(&event, "munmap 0x7f0000001000 /mnt/s3/a.parquet (fuse.s3fs): over "
			    "5 s, is done when it can be; munmap returned 0");
}

static void a_minor_event_is_not_told(void **state)
{
	struct cf_event event = expired_write();

	(void)state;
	event.is_minor = true;
	cf_events_report(&event);
	event.ending = CF_EVENT_PARKED;
	cf_events_report(&event);
	assert_string_equal(hear(), "");
}

static void a_file_that_cannot_be_opened_is_complained_of_once(void **state)
{
	(void)state;
	assert_complains_once(unit_path("nowhere/events"),
			      "/nowhere/events: ENOENT; deadlines still apply\n");
}

static void a_pipe_without_a_reader_is_complained_of_once(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
	assert_complains_once(unit_path("fifo"), "/fifo: ENXIO; deadlines still apply\n");
}

static void a_name_that_is_too_long_is_complained_of_once(void **state)
{
	static char name[5000];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	assert_complains_once(name, "events off: cannot name n");
}

static void the_file_of_the_command_is_missed_in_silence(void **state)
{
	(void)state;
	cf_events_begin(NULL, unit_path("nowhere/run"));
	cf_events_report(&(struct cf_event){ .ending = CF_EVENT_LOADED });
	assert_string_equal(hear(), "");
}

#define LINE_TEST(function) cmocka_unit_test_setup(function, given_a_pipe_for_stderr)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINE_TEST(an_expired_write_is_told_as_in_the_manual),
		LINE_TEST(what_was_ended_is_left_to_the_kernel),
		LINE_TEST(a_close_cut_short_by_a_sick_mount_says_so),
		LINE_TEST(what_was_only_observed_says_what_would_have_been),
		LINE_TEST(control_characters_of_a_name_do_not_reach_the_terminal),
		LINE_TEST(what_finished_or_loaded_is_not_told),
		LINE_TEST(a_cleanup_whose_wait_was_ended_says_for_what_it_waited),
		LINE_TEST(an_observed_cleanup_says_what_would_have_been),
		LINE_TEST(a_second_cleanup_is_told_with_its_address),
		LINE_TEST(what_is_parked_is_done_when_it_can_be),
		LINE_TEST(a_minor_event_is_not_told),
		LINE_TEST(a_file_that_cannot_be_opened_is_complained_of_once),
		LINE_TEST(a_pipe_without_a_reader_is_complained_of_once),
		LINE_TEST(a_name_that_is_too_long_is_complained_of_once),
		LINE_TEST(the_file_of_the_command_is_missed_in_silence),
	};

	return unit_run(tests);
}
