/* SPDX-License-Identifier: MIT */
/*
 * test_children.c - programs with children: each process closes in its own table and
 * speaks for itself, and none of them ever hears of a hand.
 */
#include <errno.h>
#include <sys/wait.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "suite.h"

#define CHILD_STATUS 5
#define PROMPTLY_MS  50
#define PATIENCE_MS  10000

static struct running *start(struct mount *fuse, const char *verb)
{
	const char *path = mount_put(fuse, "file");

	mount_hang(fuse, WEDGE_FLUSH);
	return run_start(&(struct run_order){ .program = RUN_VICTIM("child"),
					      .arguments = { verb, path, path } });
}

static void assert_child_and_parent_are_let_go(const struct running *victim)
{
	struct marks *marks = victim->marks;

	bounds_took("child", &marks->call[0], 300, 350);
	bounds_took("parent", &marks->call[1], 0, 350);
	assert_int_equal(marks->call[0].result, 0);
	assert_int_equal(marks->call[1].result, 0);
	assert_int_equal(WEXITSTATUS(marks->number[0]), CHILD_STATUS);
	assert_true(WIFEXITED(marks->number[0]));
	assert_true(marks->number[1]);
	bounds_span("waitpid", marks->left_ns, victim->reaped_ns, 0, PROMPTLY_MS);
}

static void a_vfork_child_closes_in_its_own_table(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "vfork");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_child_and_parent_are_let_go(victim);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 2);
	mount_recover(fuse);
	events_await(victim->events, "late", 2);
}

static void a_forked_child_is_bounded_and_has_events_of_its_own(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "fork");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_child_and_parent_are_let_go(victim);
	mount_recover(fuse);
	events_await(victim->events, "late", 2);
	const struct events *events = events_read(victim->events);
	int of_child = 0, of_parent = 0;
	for (int i = 0; i < events->count; i++) {
		of_child += events->list[i].pid == victim->marks->number[2];
		of_parent += events->list[i].pid == victim->pid;
	}
	assert_int_equal(of_child, 2); /* expired, late */
	assert_int_equal(of_parent, 2);
}

static void a_child_that_is_forked_while_a_hand_is_stuck_is_let_go_too(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "forked_late");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	struct marks *marks = victim->marks;
	bounds_took("before the fork", &marks->call[0], 300, 350);
	bounds_took("child", &marks->call[2], 0, 350);
	bounds_took("parent", &marks->call[1], 0, 350);
	assert_int_equal(marks->call[2].result, 0);
	assert_int_equal(WEXITSTATUS(marks->number[0]), CHILD_STATUS);
	/* The child has left nothing behind either. */
	bounds_span("stdout", marks->left_ns,
		    run_await_end_of_output(victim, PATIENCE_MS), 0, PROMPTLY_MS);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 3);
	mount_recover(fuse);
	events_await(victim->events, "late", 3);
}

static void subprocesses_run_while_a_hand_is_stuck(void **state)
{
	static const char *const ways[] = { "", "posix_spawn", "vfork", "fork" };
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "spawn");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	for (int i = 1; i <= 3; i++) {
		bounds_took(ways[i], &victim->marks->call[i], 0, 100);
		assert_int_equal(victim->marks->call[i].result, 0);
	}
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 1);
}

static void wait_does_not_see_a_hand_alive_or_dead(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "waits");
	struct marks *marks = victim->marks;
	run_await_step(victim, 1, PATIENCE_MS);
	mount_recover(fuse);
	events_await(victim->events, "late", 1);
	run_let_go(victim, 1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("wait", &marks->call[1], 0, PROMPTLY_MS);
	assert_int_equal(marks->call[1].result, -1);
	assert_int_equal(marks->call[1].error, ECHILD);
	assert_int_equal(marks->call[2].result,
			 0); /* __WALL: alive, unknown, not ended */
	assert_int_equal(WEXITSTATUS(marks->call[3].result), 3);
	assert_int_equal(marks->call[4].result, -1);
	assert_int_equal(marks->call[4].error, ECHILD);
	assert_int_equal(marks->number[3], 1); /* SIGCHLD of its own child alone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_vfork_child_closes_in_its_own_table),
		SUITE_TEST(a_forked_child_is_bounded_and_has_events_of_its_own),
		SUITE_TEST(a_child_that_is_forked_while_a_hand_is_stuck_is_let_go_too),
		SUITE_TEST(subprocesses_run_while_a_hand_is_stuck),
		SUITE_TEST(wait_does_not_see_a_hand_alive_or_dead),
	};

	return suite_run(tests);
}
