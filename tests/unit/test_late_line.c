/* SPDX-License-Identifier: MIT */
/*
 * test_late_line.c - events.h once more: the line that is prepared for a call that may
 * come back late, and what becomes of it.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "events.h"
#include "fork.h"
#include "late.h"
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

static bool is_done(void *errand)
{
	return atomic_load(&((struct cf_errand *)errand)->state) == CF_ERRAND_DONE;
}

/* As if a hand of this event had just come back after its caller was released. */
static void come_back_late(const struct cf_event *event)
{
	static struct cf_errand errand;

	memset(&errand, 0, sizeof(errand));
	errand.state = CF_ERRAND_RETURNED;
	errand.result = 1;
	cf_events_prepare_late(event, &errand.late);
	assert_non_null(errand.late.path);
	cf_late_enrol(&errand);
	assert_true(unit_await(is_done, &errand, 5000));
}

static void the_late_line_of_a_hand_is_like_any_other(void **state)
{
	static const char *const same[] = { "comm", "call", "class", "name", "mount" };

	(void)state;
	cf_events_begin(unit_path("events"), NULL);
	cf_events_report(&expired);
	cJSON *before = recorded_event(unit_path("events"));
	unlink(unit_path("events"));
	come_back_late(&expired);
	cJSON *late = recorded_event(unit_path("events"));
	assert_string_equal(keys_of(late), keys_of(before));
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		assert_string_equal(recorded_string(late, same[i]),
				    recorded_string(before, same[i]));
	assert_string_equal(recorded_string(late, "ending"), "late");
	assert_int_equal(recorded_number(late, "pid"), getpid());
	assert_int_equal(recorded_number(late, "handle"), 7);
	assert_int_equal(recorded_number(late, "deadline_ms"), 5000);
	assert_int_equal(recorded_number(late, "result"), 1);
	assert_string_equal(recorded_string(late, "errno"), "");
	cJSON_Delete(before);
	cJSON_Delete(late);
}

static void the_longest_and_nastiest_names_fit_both_lines(void **state)
{
	struct cf_event nasty = expired;
	char name[256];

	(void)state;
	memset(name, 1, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	nasty.name = nasty.mount = name;
	cf_events_begin(unit_path("events"), NULL);
	cf_events_report(&nasty);
	cJSON *event = recorded_event(unit_path("events"));
	assert_string_equal(recorded_string(event, "name"), name);
	unlink(unit_path("events"));
	come_back_late(&nasty);
	cJSON *late = recorded_event(unit_path("events"));
	assert_string_equal(recorded_string(late, "mount"), name);
	cJSON_Delete(event);
	cJSON_Delete(late);
}

static void without_a_file_nothing_is_prepared(void **state)
{
	struct cf_late late = { .path = "before" };

	(void)state;
	cf_events_begin(NULL, NULL);
	cf_events_prepare_late(&expired, &late);
	assert_null(late.path);
	cf_events_report(&expired);
}

#define LINE_TEST(function) cmocka_unit_test_setup(function, given_tasks)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINE_TEST(the_late_line_of_a_hand_is_like_any_other),
		LINE_TEST(the_longest_and_nastiest_names_fit_both_lines),
		LINE_TEST(without_a_file_nothing_is_prepared),
	};

	return unit_run(tests);
}
