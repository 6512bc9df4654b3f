/* SPDX-License-Identifier: MIT */
/*
 * test_undertaker_memory.c - undertaker.h once more: the memory of a program is given back
 * when the program is gone and nobody else runs in it, and not before.
 *
 * Seen by a segment of shared memory that is removed once it is attached: the kernel drops
 * it with the last memory that it is attached to.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errand.h"
#include "fork.h"
#include "hand.h"
#include "program.h"
#include "refusal.h"
#include "task.h"
#include "undertaker.h"
#include "unit.h"

#define GIVEN_BACK_MS (300 + UNIT_SLACK_MS)
#define LONG_AFTER_MS 800 /* several looks for whoever shares the memory */
#define HELPER_STACK  65536

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
	assert_int_equal(kill(program.pid, SIGKILL), 0);
	assert_true(unit_await(is_dropped, NULL, GIVEN_BACK_MS));
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
	assert_true(cf_fork_begin());
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

/* Runs on in the memory of its maker, with a table of its own, until it may end. */
static int help(void *program)
{
	unit_pass(LONG_AFTER_MS);
	program_tell(program);
	return 0;
}

/* clone() by a name that no sanitizer stands in for: theirs needs the caller to wait. */
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

static _Alignas(64) char helpers_stack[HELPER_STACK];

static void leave_a_helper_behind(struct program *program)
{
	if (__clone(help, helpers_stack + HELPER_STACK, CLONE_VM | CLONE_FS, program) ==
	    -1)
		_exit(5);
	_exit(7);
}

static void law_9_what_a_helper_of_the_program_runs_in_is_kept_until_it_ends(void **state)
{
	struct program program = start_attached(leave_a_helper_behind);

	(void)state;
	assert_true(program_has_told(&program, 5000));
	assert_false(is_dropped(NULL));
	assert_true(unit_await(is_dropped, NULL, GIVEN_BACK_MS));
	assert_int_equal(WEXITSTATUS(program_end(&program)), 7);
}

static void tell_long_after(void *program)
{
	program_tell(program);
	unit_pass(LONG_AFTER_MS);
	program_tell(program);
}

static void wait_for_a_slow_vfork_child(struct program *program)
{
	unit_in_vfork_child(tell_long_after, program);
}

static void law_9_a_vfork_child_that_never_closed_anything_is_waited_for(void **state)
{
	struct program program = start_attached(wait_for_a_slow_vfork_child);

	(void)state;
	assert_true(program_has_told(&program, 5000));
	assert_int_equal(kill(program.pid, SIGKILL), 0);
	assert_true(program_has_told(&program, 5000));
	assert_false(is_dropped(NULL));
	assert_true(unit_await(is_dropped, NULL, GIVEN_BACK_MS));
	program_end(&program);
}

static long refused;

static void leave_without_a_call(struct program *program)
{
	if (!program_get_stuck(program))
		_exit(5);
	refusal_of_call(refused, EPERM);
	cf_undertaker_watch(cf_hand_slow());
	_exit(7);
}

static void assert_kept_without(long number)
{
	void *attached = attach();

	refused = number;
	struct program program = program_start_free(leave_without_a_call);
	assert_int_equal(shmdt(attached), 0);
	assert_true(program_has_let_go(&program, GIVEN_BACK_MS));
	unit_pass(LONG_AFTER_MS);
	assert_false(is_dropped(NULL));
	assert_int_equal(WEXITSTATUS(program_end(&program)), 7);
	assert_true(unit_await(is_dropped, NULL, GIVEN_BACK_MS));
}

static void where_nobody_can_be_compared_memory_is_kept_with_the_hand(void **state)
{
	(void)state;
	assert_kept_without(SYS_kcmp);
}

static void where_nobody_is_listed_memory_is_kept_with_the_hand(void **state)
{
	(void)state;
	assert_kept_without(SYS_getdents64);
}

/* Several, whose numbers somebody else will have in the other namespace. They are no hands,
   which could not be seen to be stuck there. */
static void leave_watched_tasks(struct program *program)
{
	static const _Atomic int for_good = 1;

	for (int i = 0; i < 5; i++) {
		struct cf_task *task = cf_task_get();
		struct cf_errand *errand = task->room;

		errand->call = gate_call(&program->gate);
		if (cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS) != 0)
			_exit(5);
		cf_task_leave(task, NULL);
	}
	cf_undertaker_watch(&for_good);
	_exit(7);
}

/* The numbers in it are others' in our namespace. */
static void with_the_proc_of_another_namespace_memory_is_kept_with_the_hand(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWPID) == -1)
		unit_skip("no new pid namespace");
	pid_t init = fork();
	if (init == 0)
		stay(NULL);
	void *attached = attach();
	struct program program = program_start_free(leave_watched_tasks);
	assert_int_equal(shmdt(attached), 0);
	assert_true(program_has_let_go(&program, GIVEN_BACK_MS));
	unit_pass(LONG_AFTER_MS);
	assert_false(is_dropped(NULL));
	assert_int_equal(WEXITSTATUS(program_end(&program)), 7);
	assert_int_equal(kill(init, SIGKILL), 0); /* and with it the namespace */
	assert_true(unit_await(is_dropped, NULL, GIVEN_BACK_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_memory_of_a_program_that_was_killed_is_given_back),
		cmocka_unit_test(the_memory_that_exec_leaves_behind_is_given_back),
		cmocka_unit_test(law_9_the_memory_of_a_vfork_child_stays_its_parents),
		cmocka_unit_test(law_9_a_vfork_child_with_a_slow_close_is_waited_for),
		cmocka_unit_test(
			law_9_what_a_helper_of_the_program_runs_in_is_kept_until_it_ends),
		cmocka_unit_test(
			law_9_a_vfork_child_that_never_closed_anything_is_waited_for),
		cmocka_unit_test(
			where_nobody_can_be_compared_memory_is_kept_with_the_hand),
		cmocka_unit_test(where_nobody_is_listed_memory_is_kept_with_the_hand),
		cmocka_unit_test(
			with_the_proc_of_another_namespace_memory_is_kept_with_the_hand),
	};

	return unit_run(tests);
}
