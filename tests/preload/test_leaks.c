/* SPDX-License-Identifier: MIT */
/*
 * test_leaks.c - what a program never gave back is named at its end, in the events alone;
 * what it was given, or what belongs to its parent, is not.
 */
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define REAP_MS 5000

static struct mount *fuse;
static const char *path; /* on the mount, which is well */

static struct running *run(const char *verb, const char *leaks)
{
	fuse = mount_start(NULL);
	path = mount_put(fuse, "file");
	struct running *victim =
		run_start(&(struct run_order){ .program = RUN_VICTIM("leaker"),
					       .arguments = { verb, path },
					       .variables = { leaks } });

	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	char *said = scratch_text(victim->errors);
	assert_string_equal(said, "");
	free(said);
	return victim;
}

/* Once. */
static const struct event *run_leaking(const char *verb, const char *class)
{
	struct running *victim = run(verb, "CURFEW_LEAKS=on");
	const struct event *event = events_only(victim->events, "leaked");

	assert_int_equal(event->pid, victim->pid);
	assert_string_equal(event->class, class);
	assert_string_equal(event->comm, "victim_leaker");
	assert_string_equal(event->error, "");
	assert_true(event->age_ms == -1 || event->age_ms >= 0);
	return event;
}

static void assert_no_leak(const char *verb, const char *leaks)
{
	struct running *victim = run(verb, leaks);

	assert_int_equal(events_count(victim->events, "leaked"), 0);
}

static void assert_number_is_named(const char *verb, const char *class)
{
	const struct event *event = run_leaking(verb, class);

	assert_string_equal(event->name, path);
	assert_string_equal(event->mount, fuse->point);
	assert_true(event->handle >= 3);
	assert_string_equal(event->address, "");
}

static void a_file_that_was_never_closed_is_named(void **state)
{
	(void)state;
	assert_number_is_named("file", "file");
	assert_number_is_named("written", "write");
}

static void a_mapping_that_was_never_unmapped_is_named(void **state)
{
	(void)state;
	const struct event *event = run_leaking("mapped", "mmap");
	assert_string_equal(event->name, path);
	assert_string_equal(event->mount, fuse->point);
}

static void a_multi_handle_that_was_never_cleaned_up_is_named(void **state)
{
	(void)state;
	const struct event *event = run_leaking("multi", "curl");
	assert_true(strlen(event->address) > 2);
	assert_true(event->age_ms >= 0);
}

static void what_was_given_back_has_not_leaked(void **state)
{
	(void)state;
	assert_no_leak("careful", "CURFEW_LEAKS=on");
}

static void what_belongs_to_others_has_not_leaked(void **state)
{
	static const char *const verbs[] = { "stdio", "inherited", "forked" };

	(void)state;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		assert_no_leak(verbs[i], "CURFEW_LEAKS=on");
}

static void nothing_is_told_of_leaks_when_that_is_off(void **state)
{
	static const char *const verbs[] = { "multi", "file", "written", "mapped" };

	(void)state;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		assert_no_leak(verbs[i], "CURFEW_LEAKS=off");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_file_that_was_never_closed_is_named),
		SUITE_TEST(a_mapping_that_was_never_unmapped_is_named),
		SUITE_TEST(a_multi_handle_that_was_never_cleaned_up_is_named),
		SUITE_TEST(what_was_given_back_has_not_leaked),
		SUITE_TEST(what_belongs_to_others_has_not_leaked),
		SUITE_TEST(nothing_is_told_of_leaks_when_that_is_off),
	};

	return suite_run(tests);
}
