/* SPDX-License-Identifier: MIT */
/*
 * test_deadlines.c - what a close on a FUSE mount answers, and when, by class, mode
 * and option.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define REAP_MS 8000

static void assert_answer(const struct running *victim, int slot, int result, int error)
{
	assert_int_equal(victim->marks->call[slot].result, result);
	assert_int_equal(victim->marks->call[slot].error, error);
}

static struct running *run_hung(const char *verb, const char *variable)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(&(struct run_order){
		RUN_VICTIM("file"), { verb, path }, { variable }, 0 });
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 1);
	return victim;
}

static void assert_expired(const struct running *victim, const char *class,
			   int deadline_ms, int result, const char *error)
{
	const struct event *event = events_only(victim->events, "expired");

	assert_string_equal(event->call, "close");
	assert_string_equal(event->class, class);
	assert_string_equal(event->comm, "victim_file");
	assert_string_equal(event->error, error);
	assert_int_equal(event->pid, victim->pid);
	assert_int_equal(event->result, result);
	assert_int_equal((int)event->deadline_ms, deadline_ms);
	assert_in_range((int)event->waited_ms, deadline_ms,
			deadline_ms + 50 + bounds_slack_ms());
	assert_non_null(strstr(event->name, event->mount));
	assert_non_null(strstr(event->name, "/file"));
}

static void a_read_only_file_is_let_go_with_success_after_300_ms(void **state)
{
	(void)state;
	struct running *victim = run_hung("read", NULL);

	bounds_took("close", &victim->marks->call[0], 300, 350);
	assert_answer(victim, 0, 0, MARKS_ERRNO);
	assert_expired(victim, "file", 300, 0, "");
}

static void a_written_file_is_let_go_with_an_error_after_5_s(void **state)
{
	(void)state;
	struct running *victim = run_hung("written", NULL);

	bounds_took("close", &victim->marks->call[0], 5000, 5050);
	assert_answer(victim, 0, -1, EIO);
	assert_expired(victim, "write", 5000, -1, "EIO");
}

static void a_written_file_answers_success_where_the_user_chose_so(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_path(fuse, "file");

	(void)state;
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(&(struct run_order){
		RUN_VICTIM("file"),
		{ "written", path },
		{ "CURFEW_ON_EXPIRY_WRITE=ok", "CURFEW_DEADLINE_WRITE=500ms" },
		0 });
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 500, 550);
	assert_answer(victim, 0, 0, MARKS_ERRNO);
	assert_expired(victim, "write", 500, 0, "");
}

static void an_expired_close_says_one_line_and_a_quiet_one_none(void **state)
{
	(void)state;
	struct running *loud = run_hung("written", "CURFEW_DEADLINE_WRITE=100ms");
	struct running *quiet = run_hung("read", "CURFEW_QUIET=1");
	char *said = scratch_text(loud->errors), *not_said = scratch_text(quiet->errors);

	assert_non_null(strstr(said, "curfew["));
	assert_non_null(strstr(said, "close fd "));
	assert_non_null(strstr(said, "(fuse.wedgefs, written): over 100 ms"));
	assert_non_null(strstr(said, "close returned EIO\n"));
	assert_ptr_equal(strchr(said, '\n') + 1, said + strlen(said));
	assert_string_equal(not_said, "");
	free(said);
	free(not_said);
}

/* Starts a victim whose close must wait for the server, and lets the server recover. */
static struct running *run_until_recovery(const char *verb, const char *deadline,
					  const char *mode)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(&(struct run_order){
		RUN_VICTIM("file"), { verb, path }, { deadline, mode }, 0 });
	mount_await_waiting(fuse, WEDGE_FLUSH, 1);
	for (int64_t until = bounds_after(1000); bounds_nap(until);)
		assert_false(run_has_ended(victim));
	mount_recover(fuse);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 900, 1100);
	assert_answer(victim, 0, 0, MARKS_ERRNO);
	return victim;
}

static void a_class_that_is_off_waits_for_the_server(void **state)
{
	(void)state;
	struct running *victim =
		run_until_recovery("written", "CURFEW_DEADLINE_WRITE=off", NULL);

	events_assert_count(victim->events, "expired", 0);
	events_assert_count(victim->events, "late", 0);
}

static void observing_never_cuts_and_says_what_would_have_been(void **state)
{
	(void)state;
	struct running *victim = run_until_recovery(
		"written", "CURFEW_DEADLINE_WRITE=50ms", "CURFEW=observe");
	const struct event *event = events_only(victim->events, "finished");

	assert_string_equal(event->would, "expired");
	assert_in_range((int)event->waited_ms, 900, 1100 + bounds_slack_ms());
	events_assert_count(victim->events, "expired", 0);
	events_assert_count(victim->events, "late", 0);
}

static void a_library_that_is_off_does_nothing(void **state)
{
	(void)state;
	struct running *victim =
		run_until_recovery("read", "CURFEW_DEADLINE_FILE=50ms", "CURFEW=off");
	char *said = scratch_text(victim->errors);

	assert_int_equal(events_read(victim->events)->count, 0);
	assert_string_equal(said, "");
	free(said);
}

static void a_server_that_takes_200_ms_is_waited_for(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	fuse->orders->delay_ms = 200;
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("file"),
		.arguments = { "mixed", path, mount_path(fuse, "written") } });
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("read-only", &victim->marks->call[0], 200, 250);
	bounds_took("written", &victim->marks->call[1], 200, 250);
	assert_answer(victim, 0, 0, MARKS_ERRNO);
	assert_answer(victim, 1, 0, MARKS_ERRNO);
	events_assert_count(victim->events, "expired", 0);
	events_assert_count(victim->events, "finished", 2);
	char *said = scratch_text(victim->errors);
	assert_string_equal(said, "");
	free(said);
}

static void an_error_of_the_server_reaches_the_caller(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	for (int error = EIO; error != 0; error = error == EIO ? ENOSPC : 0) {
		fuse->orders->flush_errno = (uint32_t)error;
		struct running *victim = run_start(&(struct run_order){
			.program = RUN_VICTIM("file"),
			.arguments = { "mixed", path, mount_path(fuse, "written") } });
		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_took("close", &victim->marks->call[0], 0, 50);
		assert_answer(victim, 0, -1, error);
		assert_answer(victim, 1, -1, error);
		events_assert_count(victim->events, "finished", 2);
		const struct events *events = events_read(victim->events);
		assert_int_equal(events->count, 2);
		assert_string_equal(events->list[0].ending, "finished");
		assert_string_equal(events->list[0].error,
				    error == EIO ? "EIO" : "ENOSPC");
	}
}

static void dirty_pages_whose_write_hangs_are_let_go_like_a_flush(void **state)
{
	struct mount *fuse = mount_start("-w");
	const char *read_only = mount_put(fuse, "file");
	const char *written = mount_path(fuse, "written");

	(void)state;
	mount_hang(fuse, WEDGE_WRITE);
	struct running *victim = run_start(
		&(struct run_order){ .program = RUN_VICTIM("file"),
				     .arguments = { "mixed", read_only, written } });
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("clean", &victim->marks->call[0], 0, 50);
	bounds_took("dirty", &victim->marks->call[1], 5000, 5050);
	assert_answer(victim, 0, 0, MARKS_ERRNO);
	assert_answer(victim, 1, -1, EIO);
	assert_true(fuse->orders->waiting[WEDGE_WRITE] > 0);
	assert_string_equal(events_only(victim->events, "expired")->class, "write");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_read_only_file_is_let_go_with_success_after_300_ms),
		SUITE_TEST(a_written_file_is_let_go_with_an_error_after_5_s),
		SUITE_TEST(a_written_file_answers_success_where_the_user_chose_so),
		SUITE_TEST(an_expired_close_says_one_line_and_a_quiet_one_none),
		SUITE_TEST(a_class_that_is_off_waits_for_the_server),
		SUITE_TEST(observing_never_cuts_and_says_what_would_have_been),
		SUITE_TEST(a_library_that_is_off_does_nothing),
		SUITE_TEST(a_server_that_takes_200_ms_is_waited_for),
		SUITE_TEST(an_error_of_the_server_reaches_the_caller),
		SUITE_TEST(dirty_pages_whose_write_hangs_are_let_go_like_a_flush),
	};

	return suite_run(tests);
}
