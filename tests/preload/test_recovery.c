/* SPDX-License-Identifier: MIT */
/*
 * test_recovery.c - when the server recovers, what had expired completes, and a late
 * event tells how: also when the program is gone.
 */
#include <errno.h>
#include <string.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define REAP_MS	      8000
#define WRITTEN_BYTES 65536
#define STUCK_MS      500

static void stay_stuck(int ms)
{
	for (int64_t until = bounds_after(ms); bounds_nap(until);)
		;
}

/* Start a victim and wait until its program is gone, and the request still hangs. */
static struct running *run_and_leave_behind(struct mount *mount, const char *verb,
					    const char *path,
					    enum wedge_operation operation)
{
	mount_hang(mount, operation);
	struct running *victim =
		run_start(&(struct run_order){ RUN_VICTIM("file"),
					       { verb, path },
					       { "CURFEW_DEADLINE_WRITE=100ms" },
					       0 });
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	events_assert_count(victim->events, "late", 0);
	assert_true(mount->orders->waiting[operation] > 0);
	stay_stuck(STUCK_MS);
	return victim;
}

static const struct event *assert_late(const struct running *victim, int result,
				       const char *error)
{
	events_await(victim->events, "late", 1);
	const struct event *event = events_only(victim->events, "late");

	assert_int_equal(event->pid, victim->pid);
	assert_string_equal(event->call, "close");
	assert_string_equal(event->comm, "victim_file");
	assert_int_equal(event->result, result);
	assert_string_equal(event->error, error);
	assert_in_range((int)event->waited_ms, STUCK_MS,
			STUCK_MS + 2000 + bounds_slack_ms());
	return event;
}

static void the_real_result_is_told_when_the_program_is_gone(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	struct running *victim = run_and_leave_behind(fuse, "read", path, WEDGE_FLUSH);
	mount_recover(fuse);
	const struct event *late = assert_late(victim, 0, "");
	assert_string_equal(late->class, "file");
	assert_non_null(strstr(late->name, "/file"));
}

static void an_error_that_comes_late_is_told(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_path(fuse, "written");

	(void)state;
	struct running *victim = run_and_leave_behind(fuse, "written", path, WEDGE_FLUSH);
	fuse->orders->flush_errno = ENOSPC;
	mount_recover(fuse);
	assert_string_equal(assert_late(victim, -1, "ENOSPC")->class, "write");
}

static void the_real_result_is_told_while_the_program_runs_on(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("file"), .arguments = { "again", path, path } });
	run_await_step(victim, 1, REAP_MS);
	stay_stuck(STUCK_MS);
	mount_recover(fuse);
	assert_late(victim, 0, "");
	assert_false(run_has_ended(victim));
	run_let_go(victim, 1);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("the next close", &victim->marks->call[1], 0, 50);
	events_assert_count(victim->events, "expired", 1);
	events_assert_count(victim->events, "finished", 1);
}

static void what_was_written_is_whole_on_the_server(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = run_and_leave_behind(
		fuse, "written", mount_path(fuse, "written"), WEDGE_FLUSH);
	mount_recover(fuse);
	assert_late(victim, 0, "");
	mount_await_calm(fuse);
	assert_true(mount_holds(fuse, "written", WRITTEN_BYTES));
}

/* With the writeback cache nothing is on the server when the program is gone. */
static void dirty_pages_reach_the_server_after_the_program_is_gone(void **state)
{
	struct mount *fuse = mount_start("-w");

	(void)state;
	struct running *victim = run_and_leave_behind(
		fuse, "written", mount_path(fuse, "written"), WEDGE_WRITE);
	unsigned sent = fuse->orders->seen[WEDGE_WRITE];
	assert_int_equal(sent, fuse->orders->waiting[WEDGE_WRITE]);
	mount_recover(fuse);
	assert_late(victim, 0, "");
	mount_await_calm(fuse);
	sent = fuse->orders->seen[WEDGE_WRITE];
	assert_true(mount_holds(fuse, "written", WRITTEN_BYTES));
	/* Our own look has found no dirty page: the close had brought them all. */
	assert_int_equal(fuse->orders->seen[WEDGE_WRITE], sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(the_real_result_is_told_when_the_program_is_gone),
		SUITE_TEST(an_error_that_comes_late_is_told),
		SUITE_TEST(the_real_result_is_told_while_the_program_runs_on),
		SUITE_TEST(what_was_written_is_whole_on_the_server),
		SUITE_TEST(dirty_pages_reach_the_server_after_the_program_is_gone),
	};

	return suite_run(tests);
}
