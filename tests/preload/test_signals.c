/* SPDX-License-Identifier: MIT */
/*
 * test_signals.c - signals and cancellation around a close that is bounded.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "suite.h"

#define PROMPTLY_MS 50
#define PATIENCE_MS 10000

static struct running *start(struct mount *fuse, const char *program, const char *verb,
			     int is_stock)
{
	const char *path = mount_put(fuse, "file"), *other = mount_put(fuse, "other");

	mount_hang(fuse, WEDGE_FLUSH);
	return run_start(&(struct run_order){
		program, { verb, path, other }, { NULL }, is_stock });
}

static void a_program_with_default_dispositions_is_not_hurt(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, RUN_VICTIM("signal"), "defaults", 0);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 300, 350);
	assert_int_equal(victim->marks->call[0].result, 0);
}

static void a_signal_to_the_group_reaches_the_program_once_and_no_hand(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, RUN_VICTIM("signal"), "group", 0);
	run_await_step(victim, 1, PATIENCE_MS);
	kill(-victim->pid, SIGUSR1);
	for (int64_t until = bounds_after(PATIENCE_MS); victim->marks->number[0] == 0;)
		assert_true(bounds_nap(until));
	run_let_go(victim, 1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_int_equal(victim->marks->number[0], 1);
	mount_recover(fuse);
	events_await(victim->events, "late", 1);
	assert_int_equal(events_only(victim->events, "late")->result, 0);
}

static void a_deadly_signal_to_the_group_ends_the_program_and_not_the_close(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGKILL };

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		struct mount *fuse = mount_start(NULL);
		struct running *victim = start(fuse, RUN_VICTIM("signal"), "group", 0);

		run_await_step(victim, 1, PATIENCE_MS);
		kill(-victim->pid, signals[i]);
		run_assert_ends(victim, PATIENCE_MS, RUN_SIGNALLED + signals[i]);
		run_await_end_of_output(victim, PATIENCE_MS);
		mount_recover(fuse);
		events_await(victim->events, "late", 1);
		assert_int_equal(events_only(victim->events, "late")->result, 0);
	}
}

static void a_handler_that_interrupts_a_close_may_close_as_well(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, RUN_VICTIM("signal"), "handler", 0);
	mount_await_waiting(fuse, WEDGE_FLUSH, 1);
	kill(victim->pid, SIGUSR1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("interrupted", &victim->marks->call[0], 300, 650);
	bounds_took("in the handler", &victim->marks->call[1], 0, 350);
	assert_int_equal(victim->marks->call[0].result, 0);
	assert_int_equal(victim->marks->call[1].result, 0);
	assert_int_equal(victim->marks->call[0].error, MARKS_ERRNO);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 2);
}

static void a_handler_that_interrupts_malloc_may_close(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, RUN_VICTIM("malloc"), "interrupted", 0);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 300, 350);
	assert_int_equal(victim->marks->call[0].result, 0);
	assert_int_equal(victim->marks->number[0], 0);
}

static void a_pending_cancellation_acts_at_the_close_as_in_stock(void **state)
{
	(void)state;
	for (int is_stock = 0; is_stock <= 1; is_stock++) {
		struct mount *fuse = mount_start(NULL);
		struct running *victim =
			start(fuse, RUN_VICTIM("signal"), "pending", is_stock);

		run_await_step(victim, 1, PATIENCE_MS);
		assert_true(victim->marks->number[0]);
		assert_true(victim->marks->number[1]);
		assert_int_equal(victim->marks->call[0].ended_ns, 0);
		mount_recover(fuse);
		run_let_go(victim, 1);
		run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	}
}

static void a_cancellation_during_the_close_acts_after_it(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, RUN_VICTIM("signal"), "cancelled", 0);
	mount_await_waiting(fuse, WEDGE_FLUSH, 1);
	run_let_go(victim, 1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 300, 350);
	assert_int_equal(victim->marks->call[0].result, 0);
	assert_true(victim->marks->number[0]);
	assert_false(victim->marks->number[1]);
	bounds_span("waitpid", victim->marks->left_ns, victim->reaped_ns, 0, PROMPTLY_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_program_with_default_dispositions_is_not_hurt),
		SUITE_TEST(a_signal_to_the_group_reaches_the_program_once_and_no_hand),
		SUITE_TEST(
			a_deadly_signal_to_the_group_ends_the_program_and_not_the_close),
		SUITE_TEST(a_handler_that_interrupts_a_close_may_close_as_well),
		SUITE_TEST(a_handler_that_interrupts_malloc_may_close),
		SUITE_TEST(a_pending_cancellation_acts_at_the_close_as_in_stock),
		SUITE_TEST(a_cancellation_during_the_close_acts_after_it),
	};

	return suite_run(tests);
}
