/* SPDX-License-Identifier: MIT */
/*
 * test_undertaker_posts.c - undertaker.h once more: one undertaker for each table, from the
 * first slow call until none is slow.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fork.h"
#include "gate.h"
#include "hand.h"
#include "kin.h"
#include "program.h"
#include "refusal.h"
#include "task.h"
#include "undertaker.h"
#include "unit.h"

#define SEVERAL_LOOKS 100 /* it looks every 10 ms */
#define LET_GO_MS     (50 + (int)UNIT_SLACK_MS)
#define UNDERTAKER    "curfew-under"

static bool has_undertaker(void *argument)
{
	(void)argument;
	return kin_count(getpid(), UNDERTAKER) > 0;
}

/* Whoever takes a task reaps the ended ones that it meets: first the hand, then ours. */
static bool is_undertaker_reaped(void *argument)
{
	struct cf_task *first = cf_task_get(), *second = cf_task_get();

	cf_task_put(first);
	cf_task_put(second);
	return !has_undertaker(argument);
}

static struct program given_this_process_with_a_stuck_hand(void)
{
	struct program program = { .gate = gate_shut() };

	assert_true(cf_fork_begin());
	assert_true(program_get_watched(&program));
	assert_true(unit_await(has_undertaker, NULL, 5000));
	return program;
}

static void a_process_has_one_undertaker(void **state)
{
	struct program program = given_this_process_with_a_stuck_hand();

	(void)state;
	assert_true(program_get_watched(&program));
	cf_undertaker_watch(cf_hand_slow());
	unit_pass(SEVERAL_LOOKS);
	assert_int_equal(kin_count(getpid(), UNDERTAKER), 1);
}

static bool has_two_undertakers(void *argument)
{
	(void)argument;
	return kin_count(getpid(), UNDERTAKER) == 2;
}

static void *get_watched_in_a_table_of_its_own(void *program)
{
	if (unshare(CLONE_FILES) == 0 && program_get_watched(program))
		return program;
	return NULL;
}

static void a_thread_with_a_table_of_its_own_has_one_more(void **state)
{
	struct program program = given_this_process_with_a_stuck_hand();
	pthread_t thread;
	void *watched;

	(void)state;
	pthread_create(&thread, NULL, get_watched_in_a_table_of_its_own, &program);
	pthread_join(thread, &watched);
	assert_non_null(watched);
	assert_true(unit_await(has_two_undertakers, NULL, 5000));
}

static void an_undertaker_leaves_when_no_hand_is_stuck_and_may_come_again(void **state)
{
	struct program program = given_this_process_with_a_stuck_hand();

	(void)state;
	unit_pass(SEVERAL_LOOKS);
	assert_int_equal(kin_count(getpid(), UNDERTAKER), 1);
	gate_open(&program.gate, 1);
	assert_true(unit_await(is_undertaker_reaped, NULL, 5000));
	assert_true(program_get_watched(&program));
	assert_true(unit_await(has_undertaker, NULL, 5000));
}

static void an_undertaker_that_was_ended_is_replaced(void **state)
{
	struct program program = given_this_process_with_a_stuck_hand();

	(void)state;
	kin_end(UNDERTAKER);
	assert_true(unit_await(is_undertaker_reaped, NULL, 5000));
	assert_true(program_get_watched(&program));
	assert_true(unit_await(has_undertaker, NULL, 5000));
}

static void have_an_undertaker_too(void **state)
{
	struct program *program = *state;

	assert_true(cf_fork_on_child(cf_undertaker_after_fork));
	assert_true(cf_fork_settle());
	assert_false(has_undertaker(NULL));
	assert_true(program_get_watched(program));
	assert_true(unit_await(has_undertaker, NULL, 5000));
}

static void law_9_a_forked_child_has_no_undertaker_and_gets_its_own(void **state)
{
	struct program program = given_this_process_with_a_stuck_hand();

	(void)state;
	unit_in_child(have_an_undertaker_too, &program);
	assert_int_equal(kin_count(getpid(), UNDERTAKER), 1);
}

static void get_stuck(void *program)
{
	program_get_watched(program);
}

static void law_9_a_vfork_childs_table_is_emptied_and_not_its_parents(void **state)
{
	struct program program = { .gate = gate_shut() };
	int ends[2];

	(void)state;
	assert_true(cf_fork_begin());
	assert_int_equal(pipe(ends), 0);
	unit_in_vfork_child(get_stuck, &program);
	unit_pass(SEVERAL_LOOKS);
	assert_int_equal(*cf_hand_slow(), 1);
	assert_int_not_equal(fcntl(ends[1], F_GETFD), -1);
	program.told = ends[0];
	close(ends[1]);
	assert_true(program_has_let_go(&program, LET_GO_MS));
}

static void without_a_task_the_program_goes_on(void **state)
{
	struct program program = { .gate = gate_shut() };

	(void)state;
	assert_true(cf_fork_begin());
	_Atomic int stuck = 1;
	refusal_of_memory();
	errno = EDOM;
	cf_undertaker_watch(&stuck);
	assert_int_equal(errno, EDOM);
	refusal_ends();
	assert_false(has_undertaker(NULL));
	assert_true(program_get_watched(&program));
	assert_true(unit_await(has_undertaker, NULL, 5000));
}

/* Not even its table: one that runs, or ends just now, is still somebody to wait for. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WCLONE) ==
		       0 &&
	       info.si_pid == pid;
}

static const _Atomic int none = 0, for_good = 1;

static void assert_dismissed(pid_t undertaker, const _Atomic int *slow)
{
	cf_instant began = cf_clock_now();

	assert_int_not_equal(undertaker, 0);
	errno = EDOM;
	cf_undertaker_dismiss(slow);
	assert_int_equal(errno, EDOM);
	assert_true(has_ended(undertaker));
	assert_true(cf_clock_now() - began < 100 * CF_MS);
}

static void an_undertaker_that_is_dismissed_has_ended(void **state)
{
	(void)state;
	assert_true(cf_fork_begin());
	for (int i = 0; i < 20; i++) {
		cf_undertaker_watch(&for_good);
		assert_dismissed(kin_find(getpid(), UNDERTAKER), &none);
		assert_true(unit_await(is_undertaker_reaped, NULL, 5000));
	}
}

static void while_a_call_is_slow_no_undertaker_is_dismissed(void **state)
{
	struct program program = given_this_process_with_a_stuck_hand();

	(void)state;
	pid_t undertaker = kin_find(getpid(), UNDERTAKER);
	cf_undertaker_dismiss(cf_hand_slow());
	unit_pass(SEVERAL_LOOKS);
	assert_false(has_ended(undertaker));
	gate_open(&program.gate, 1);
	assert_true(unit_await(is_undertaker_reaped, NULL, 5000));
}

static void one_that_is_not_dismissed_watches_what_it_was_posted_for(void **state)
{
	static _Atomic int is_slow = 1;

	(void)state;
	assert_true(cf_fork_begin());
	cf_undertaker_watch(&for_good);
	cf_undertaker_dismiss(&is_slow);
	is_slow = 0;
	unit_pass(SEVERAL_LOOKS);
	assert_false(has_ended(kin_find(getpid(), UNDERTAKER)));
	assert_dismissed(kin_find(getpid(), UNDERTAKER), &none);
}

static void a_dismissed_one_stays_if_a_call_has_got_slow_meanwhile(void **state)
{
	static _Atomic int turns_slow = 0;

	(void)state;
	assert_true(cf_fork_begin());
	cf_undertaker_watch(&for_good);
	pid_t undertaker = kin_find(getpid(), UNDERTAKER);
	assert_int_equal(kill(undertaker, SIGSTOP), 0);
	cf_undertaker_dismiss(&turns_slow);
	turns_slow = 1;
	assert_int_equal(kill(undertaker, SIGCONT), 0);
	unit_pass(SEVERAL_LOOKS);
	assert_false(has_ended(undertaker));
	turns_slow = 0;
	assert_true(unit_await(is_undertaker_reaped, NULL, 5000));
}

static void dismiss_as_a_vfork_child(void *argument)
{
	(void)argument;
	cf_undertaker_dismiss(&none);
}

static void law_9_a_vfork_child_does_not_dismiss_its_parents(void **state)
{
	(void)state;
	assert_true(cf_fork_begin());
	cf_undertaker_watch(&for_good);
	pid_t undertaker = kin_find(getpid(), UNDERTAKER);
	unit_in_vfork_child(dismiss_as_a_vfork_child, NULL);
	unit_pass(SEVERAL_LOOKS);
	assert_false(has_ended(undertaker));
	assert_dismissed(undertaker, &none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_has_one_undertaker),
		cmocka_unit_test(a_thread_with_a_table_of_its_own_has_one_more),
		cmocka_unit_test(
			an_undertaker_leaves_when_no_hand_is_stuck_and_may_come_again),
		cmocka_unit_test(an_undertaker_that_was_ended_is_replaced),
		cmocka_unit_test(law_9_a_forked_child_has_no_undertaker_and_gets_its_own),
		cmocka_unit_test(
			law_9_a_vfork_childs_table_is_emptied_and_not_its_parents),
		cmocka_unit_test(without_a_task_the_program_goes_on),
		cmocka_unit_test(an_undertaker_that_is_dismissed_has_ended),
		cmocka_unit_test(while_a_call_is_slow_no_undertaker_is_dismissed),
		cmocka_unit_test(
			one_that_is_not_dismissed_watches_what_it_was_posted_for),
		cmocka_unit_test(a_dismissed_one_stays_if_a_call_has_got_slow_meanwhile),
		cmocka_unit_test(law_9_a_vfork_child_does_not_dismiss_its_parents),
	};

	return unit_run(tests);
}
