/* SPDX-License-Identifier: MIT */
/*
 * test_privileges.c - programs that change who they are while a hand is stuck.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define NOBODY	    65534
#define PROMPTLY_MS 50
#define SEALED_MS   1000
#define PATIENCE_MS 10000

static long number_of(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	if (!at)
		fail_msg("no %s in a task's status", name + 1);
	return strtol(at + strlen(name), NULL, 10);
}

/* A task that was born as root, in memory that an unprivileged program can write to,
   must not be able to do anything with it. It has just begun: so it is waited for. */
static void assert_gets_sealed(pid_t task)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)task);
	for (int64_t until = bounds_after(SEALED_MS);;) {
		char *status = scratch_text(path);
		int is_sealed = number_of(status, "\nNoNewPrivs:") == 1 &&
				number_of(status, "\nSeccomp:") == 2;

		if (!is_sealed && !bounds_nap(until))
			fail_msg("a task is not sealed: %s", status);
		free(status);
		if (is_sealed)
			return;
	}
}

/* The tasks that are children of the program without being seen by its wait(). */
static int assert_tasks_get_sealed(pid_t program)
{
	char path[64];
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)program,
		 (int)program);
	char *children = scratch_text(path), *at = children;
	for (long task; (task = strtol(at, &at, 10)) > 0; count++)
		assert_gets_sealed((pid_t)task);
	free(children);
	return count;
}

static void assert_drops_as_stock(const char *verb)
{
	struct mount *fuse = mount_start(NULL);
	const char *first = mount_put(fuse, "first"), *second = mount_put(fuse, "second");

	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim =
		run_start(&(struct run_order){ .program = RUN_VICTIM("privilege"),
					       .arguments = { verb, first, second } });
	run_await_step(victim, 1, PATIENCE_MS);
	if (access("/proc/thread-self/children", R_OK) == 0)
		assert_true(assert_tasks_get_sealed(victim->pid) >= 1);
	run_let_go(victim, 1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("as root", &victim->marks->call[0], 300, 350);
	bounds_took("setresuid", &victim->marks->call[1], 0, PROMPTLY_MS);
	bounds_took("as nobody", &victim->marks->call[2], 0, 350);
	bounds_span("waitpid", victim->marks->left_ns, victim->reaped_ns, 0, PROMPTLY_MS);
	assert_int_equal(victim->marks->call[1].result, 0);
	assert_int_equal(victim->marks->call[2].result, 0);
	assert_int_equal(victim->marks->number[0], NOBODY);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 2);
	mount_recover(fuse);
	events_await(victim->events, "late", 2);
}

static void a_program_drops_privileges_while_a_sealed_hand_is_stuck(void **state)
{
	(void)state;
	assert_drops_as_stock("drop");
}

static void setuid_of_a_program_with_threads_does_not_wait_for_a_stuck_hand(void **state)
{
	(void)state;
	assert_drops_as_stock("threaded");
}

static void assert_setuid_program_keeps_its_rights(const char *verb)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");
	const char *program = scratch_path("program_euid");

	scratch_copy(CURFEW_TEST_PROGRAMS "/program_euid", program, 04755);
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim =
		run_start(&(struct run_order){ .program = RUN_VICTIM("privilege"),
					       .arguments = { verb, path, program } });
	run_assert_ends(victim, PATIENCE_MS, 0);
	bounds_span("the set-uid program", victim->marks->left_ns, victim->reaped_ns, 0,
		    2 * PROMPTLY_MS);
	assert_string_equal(run_output(victim), "euid 0\n");
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 1);
}

static void a_setuid_program_gets_its_rights_while_a_hand_of_nobody_is_stuck(void **state)
{
	(void)state;
	assert_setuid_program_keeps_its_rights("setuid_program");
}

static void a_setuid_program_gets_its_rights_while_a_hand_of_root_is_stuck(void **state)
{
	(void)state;
	assert_setuid_program_keeps_its_rights("setuid_program_late");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_program_drops_privileges_while_a_sealed_hand_is_stuck),
		SUITE_TEST(
			setuid_of_a_program_with_threads_does_not_wait_for_a_stuck_hand),
		SUITE_TEST(
			a_setuid_program_gets_its_rights_while_a_hand_of_nobody_is_stuck),
		SUITE_TEST(
			a_setuid_program_gets_its_rights_while_a_hand_of_root_is_stuck),
	};

	return suite_run(tests);
}
