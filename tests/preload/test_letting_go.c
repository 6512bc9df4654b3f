/* SPDX-License-Identifier: MIT */
/*
 * test_letting_go.c - while a close is still stuck, nothing of the program stays
 * behind that another waits for: not the process, nor its pipes, locks and ports.
 */
#include <signal.h>
#include <stdio.h>

#include "bounds.h"
#include "holdings.h"
#include "mount.h"
#include "run.h"
#include "suite.h"

#define PROMPTLY_MS 50
#define PATIENCE_MS 3000
#define REAP_MS	    5000

static struct holdings holdings;

/* What hangs: the flush of a read-only file, or the write-back of a written one. */
static const struct hang {
	const char *option; /* of wedgefs */
	enum wedge_operation operation;
	const char *kind;
} flush = { NULL, WEDGE_FLUSH, "read" }, write_back = { "-w", WEDGE_WRITE, "written" };

static struct mount *fuse;

/* `left_open` is a file that the victim holds as well; NULL for none. */
static struct running *start_on(const struct hang *hang, const char *verb,
				const char *left_open)
{
	const char *path = mount_put(fuse, "file");
	holdings = holdings_make();
	mount_hang(fuse, hang->operation);
	return run_start(
		&(struct run_order){ .program = RUN_VICTIM("holder"),
				     .arguments = { verb, hang->kind, path, holdings.lock,
						    holdings.fifo, left_open },
				     .variables = { "CURFEW_DEADLINE_WRITE=300ms" } });
}

static struct running *start_holder(const struct hang *hang, const char *verb,
				    const char *left_open)
{
	fuse = mount_start(hang->option);
	return start_on(hang, verb, left_open);
}

static void assert_exit_lets_go(const struct hang *hang)
{
	struct running *victim = start_holder(hang, "exit", NULL);

	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	holdings_assert_free(&holdings, victim, victim->marks->left_ns, PROMPTLY_MS);
	assert_int_equal(fuse->orders->waiting[hang->operation], 1);
}

static void assert_sigkill_lets_go(const struct hang *hang)
{
	struct running *victim = start_holder(hang, "killed", NULL);

	run_await_step(victim, 1, REAP_MS);
	int64_t killed_ns = bounds_now();
	kill(victim->pid, SIGKILL);
	run_assert_ends(victim, REAP_MS, RUN_SIGNALLED + SIGKILL);
	holdings_assert_free(&holdings, victim, killed_ns, PROMPTLY_MS);
	assert_int_equal(fuse->orders->waiting[hang->operation], 1);
}

static void assert_exec_lets_go(const struct hang *hang)
{
	struct running *victim = start_holder(hang, "exec", NULL);

	run_await_step(victim, 2, REAP_MS);
	holdings_assert_own_free(&holdings, victim, victim->marks->left_ns, PROMPTLY_MS);
	assert_false(run_has_ended(victim));
	run_let_go(victim, 2);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS + 1);
	bounds_span("waitpid", victim->marks->left_ns, victim->reaped_ns, 0, PROMPTLY_MS);
	bounds_span("stdout", victim->marks->left_ns,
		    run_await_end_of_output(victim, PATIENCE_MS), 0, PROMPTLY_MS);
	assert_int_equal(fuse->orders->waiting[hang->operation], 1);
}

static void after_its_exit_nothing_is_held_while_the_flush_is_stuck(void **state)
{
	(void)state;
	assert_exit_lets_go(&flush);
}

static void after_sigkill_nothing_is_held_while_the_flush_is_stuck(void **state)
{
	(void)state;
	assert_sigkill_lets_go(&flush);
}

static void after_an_exec_what_closes_there_is_free_and_the_rest_at_its_end(void **state)
{
	(void)state;
	assert_exec_lets_go(&flush);
}

static void with_a_stuck_write_back_nothing_is_held_after_its_exit(void **state)
{
	(void)state;
	assert_exit_lets_go(&write_back);
}

static void with_a_stuck_write_back_nothing_is_held_after_sigkill(void **state)
{
	(void)state;
	assert_sigkill_lets_go(&write_back);
}

static void with_a_stuck_write_back_nothing_is_held_after_an_exec(void **state)
{
	(void)state;
	assert_exec_lets_go(&write_back);
}

static void sigkill_during_the_close_ends_the_program_at_once(void **state)
{
	(void)state;
	struct running *victim = start_holder(&flush, "killed", NULL);
	mount_await_waiting(fuse, WEDGE_FLUSH, 1);
	int64_t killed_ns = bounds_now();
	kill(victim->pid, SIGKILL);
	run_assert_ends(victim, REAP_MS, RUN_SIGNALLED + SIGKILL);
	bounds_span("waitpid", killed_ns, victim->reaped_ns, 0, PROMPTLY_MS);
}

/* Its close would hang as well, in whoever makes it: so it must come last. */
static void an_open_file_on_another_hung_mount_holds_nothing_else(void **state)
{
	struct mount *other = mount_start(NULL);
	const char *left_open = mount_put(other, "file");

	(void)state;
	mount_hang(other, WEDGE_FLUSH);
	struct running *victim = start_holder(&flush, "exit", left_open);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	holdings_assert_free(&holdings, victim, victim->marks->left_ns, PROMPTLY_MS);
}

static void sigkill_lets_go_of_what_was_never_closed_there(void **state)
{
	(void)state;
	for (int is_written = 0; is_written < 2; is_written++) {
		fuse = mount_start(is_written ? "-w" : NULL);
		const struct hang *hang = is_written ? &write_back : &flush;
		struct running *victim =
			start_on(hang, "killed", mount_put(fuse, "open"));

		run_await_step(victim, 1, REAP_MS);
		int64_t killed_ns = bounds_now();
		kill(victim->pid, SIGKILL);
		run_assert_ends(victim, REAP_MS, RUN_SIGNALLED + SIGKILL);
		holdings_assert_free(&holdings, victim, killed_ns, PROMPTLY_MS);
	}
}

/* The first thread of a process is what /proc shows of it. */
static void a_program_without_its_first_thread_keeps_and_leaves_its_things(void **state)
{
	(void)state;
	struct running *victim = start_holder(&flush, "headless", NULL);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_string_equal(run_output(victim), "still here\n");
	holdings_assert_free(&holdings, victim, victim->marks->left_ns, PROMPTLY_MS);
}

static void a_pipeline_ends_with_the_program_while_the_flush_is_stuck(void **state)
{
	char line[512], variable[1024];

	(void)state;
	fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");
	mount_hang(fuse, WEDGE_FLUSH);
	snprintf(line, sizeof(line), "(%s '%s' read '%s'; echo status $?) | cat",
		 "env \"$PRELOAD\"", RUN_VICTIM("file"), path);
	snprintf(variable, sizeof(variable), "PRELOAD=%s", run_preload());
	struct running *shell = run_start(
		&(struct run_order){ "/bin/sh", { "-c", line }, { variable }, 1 });
	run_assert_ends(shell, REAP_MS, 0);
	assert_string_equal(run_output(shell), "status 7\n");
	bounds_span("pipeline", shell->marks->left_ns, shell->reaped_ns, 0, PROMPTLY_MS);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(after_its_exit_nothing_is_held_while_the_flush_is_stuck),
		SUITE_TEST(after_sigkill_nothing_is_held_while_the_flush_is_stuck),
		SUITE_TEST(
			after_an_exec_what_closes_there_is_free_and_the_rest_at_its_end),
		SUITE_TEST(with_a_stuck_write_back_nothing_is_held_after_its_exit),
		SUITE_TEST(with_a_stuck_write_back_nothing_is_held_after_sigkill),
		SUITE_TEST(with_a_stuck_write_back_nothing_is_held_after_an_exec),
		SUITE_TEST(sigkill_during_the_close_ends_the_program_at_once),
		SUITE_TEST(an_open_file_on_another_hung_mount_holds_nothing_else),
		SUITE_TEST(sigkill_lets_go_of_what_was_never_closed_there),
		SUITE_TEST(
			a_program_without_its_first_thread_keeps_and_leaves_its_things),
		SUITE_TEST(a_pipeline_ends_with_the_program_while_the_flush_is_stuck),
	};

	return suite_run(tests);
}
