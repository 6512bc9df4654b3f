/* SPDX-License-Identifier: MIT */
/*
 * test_fd_table.c - whose fd table a thread has.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>

#include "fd_table.h"
#include "refusal.h"
#include "unit.h"

struct answer {
	bool is_unshared;
	bool is_leaders, is_main;
	int error;
};

static void ask(void *argument)
{
	struct answer *answer = argument;

	bool is_as_wanted = !answer->is_unshared || unshare(CLONE_FILES) == 0;

	errno = is_as_wanted ? EDOM : EPERM;
	answer->is_leaders = cf_fd_table_is_leaders();
	answer->is_main = cf_fd_table_is_main();
	answer->error = errno;
}

static void *ask_in_thread(void *answer)
{
	ask(answer);
	return NULL;
}

static struct answer ask_a_thread(bool is_unshared)
{
	struct answer answer = { .is_unshared = is_unshared };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, &answer), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(answer.error, EDOM);
	return answer;
}

static void the_table_is_the_first_threads_until_it_is_unshared(void **state)
{
	struct answer first = { 0 };

	(void)state;
	ask(&first);
	assert_true(first.is_leaders && first.is_main);
	assert_int_equal(first.error, EDOM);
	struct answer other = ask_a_thread(false), own = ask_a_thread(true);
	assert_true(other.is_leaders && other.is_main);
	assert_false(own.is_leaders || own.is_main);
	first.is_unshared = true; /* then it is the others that have another one */
	ask(&first);
	assert_true(first.is_leaders && first.is_main);
}

static void a_forked_child_has_a_table_and_its_memory(void **state)
{
	unit_in_child(the_table_is_the_first_threads_until_it_is_unshared, *state);
}

static void a_vfork_child_has_a_table_and_not_the_memory(void **state)
{
	struct answer answer = { .is_main = true };

	(void)state;
	unit_in_vfork_child(ask, &answer);
	assert_true(answer.is_leaders);
	assert_false(answer.is_main);
}

static void where_nothing_can_be_compared_a_thread_is_believed(void **state)
{
	(void)state;
	refusal_of_call(SYS_kcmp, EPERM);
	struct answer own = ask_a_thread(true);
	assert_true(own.is_leaders && own.is_main);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_the_first_threads_until_it_is_unshared),
		cmocka_unit_test(a_forked_child_has_a_table_and_its_memory),
		cmocka_unit_test(a_vfork_child_has_a_table_and_not_the_memory),
		cmocka_unit_test(where_nothing_can_be_compared_a_thread_is_believed),
	};

	return unit_run(tests);
}
