/* SPDX-License-Identifier: MIT */
/*
 * test_undertaker_memory.c - undertaker.h once more: the memory of a program is given back
 * when the program is gone and nobody else runs in it, and not before.
 *
 * Seen by a segment of shared memory that is removed once it is attached: the kernel drops
 * it with the last memory that it is attached to.
 */
#include <signal.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fork.h"
#include "program.h"
#include "task.h"
#include "unit.h"

#define GIVEN_BACK_MS (600 + UNIT_SLACK_MS)
#define UNTIL_EXEC_MS 300
#define LONG_AFTER_MS 800

static int segment;

static void *attach(void)
{
	segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	assert_int_not_equal(segment, -1);
	void *attached = shmat(segment, NULL, 0);
	assert_int_equal(shmctl(segment, IPC_RMID, NULL), 0);
	assert_true(attached != (void *)-1);
	return attached;
}

static bool is_dropped(void *unused)
{
	struct shmid_ds status;

	(void)unused;
	return shmctl(segment, IPC_STAT, &status) == -1;
}

/* With a hand that stays stuck. The program inherits the segment, we let it go. */
static struct program start_attached(void (*body)(struct program *program))
{
	void *attached = attach();
	struct program program = program_start(body);

	assert_int_equal(shmdt(attached), 0);
	assert_false(is_dropped(NULL));
	return program;
}

static void stay(struct program *program)
{
	(void)program;
	for (;;)
		pause();
}

static void the_memory_of_a_program_that_was_killed_is_given_back(void **state)
{
	struct program program = start_attached(stay);

	(void)state;
	unit_pass(LONG_AFTER_MS);
	assert_false(is_dropped(NULL));
	cf_instant killed = cf_clock_now();
	assert_int_equal(kill(program.pid, SIGKILL), 0);
	assert_true(unit_await(is_dropped, NULL, GIVEN_BACK_MS));
	/* A vfork child, if there were one, has been given time to execute. */
	unit_assert_took(cf_clock_now() - killed, UNTIL_EXEC_MS, GIVEN_BACK_MS);
	program_end(&program);
}

static int input[2]; /* for the cat that a program becomes: it ends with its input */

static void become_cat(struct program *program)
{
	(void)program;
	if (dup2(input[0], 0) == 0 && close(input[1]) == 0)
		execlp("cat", "cat", NULL);
}

static void the_memory_that_exec_leaves_behind_is_given_back(void **state)
{
	(void)state;
	assert_int_equal(pipe(input), 0);
	struct program program = start_attached(become_cat);
	assert_true(unit_await(is_dropped, NULL, GIVEN_BACK_MS));
	assert_true(program_runs(&program));
	close(input[1]);
	assert_int_equal(program_end(&program), 0);
}

static void get_stuck(void *program)
{
	program_get_watched(program);
}

static void law_9_the_memory_of_a_vfork_child_stays_its_parents(void **state)
{
	struct program program = { .gate = gate_shut() };
	volatile char *attached = attach();

	(void)state;
	assert_true(cf_fork_begin() && cf_task_begin());
	unit_in_vfork_child(get_stuck, &program);
	unit_pass(LONG_AFTER_MS);
	attached[0] = 1;
	assert_false(is_dropped(NULL));
}

static void tell_now_and_long_after(void *program)
{
	if (program_get_watched(program))
		program_tell(program);
	unit_pass(LONG_AFTER_MS);
	program_tell(program);
}

static void wait_for_a_vfork_child(struct program *program)
{
	unit_in_vfork_child(tell_now_and_long_after, program);
}

static void law_9_a_vfork_child_with_a_slow_close_is_waited_for(void **state)
{
	struct program program = start_attached(wait_for_a_vfork_child);

	(void)state;
	assert_true(program_has_told(&program, 5000));
	assert_int_equal(kill(program.pid, SIGKILL), 0);
	assert_true(program_has_told(&program, 5000));
	assert_true(unit_await(is_dropped, NULL, GIVEN_BACK_MS));
	program_end(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_memory_of_a_program_that_was_killed_is_given_back),
		cmocka_unit_test(the_memory_that_exec_leaves_behind_is_given_back),
		cmocka_unit_test(law_9_the_memory_of_a_vfork_child_stays_its_parents),
		cmocka_unit_test(law_9_a_vfork_child_with_a_slow_close_is_waited_for),
	};

	return unit_run(tests);
}
