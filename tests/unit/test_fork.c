/* SPDX-License-Identifier: MIT */
/*
 * test_fork.c - a forked child is noticed once, a vfork child not at all.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork.h"
#include "pool.h"
#include "refusal.h"
#include "unit.h"

static int resets;

static void reset(void)
{
	resets++;
}

static int given_a_watched_process(void **state)
{
	(void)state;
	return cf_fork_begin() && cf_fork_on_child(reset) ? 0 : -1;
}

static void the_process_that_began_drops_nothing(void **state)
{
	(void)state;
	assert_true(cf_fork_settle());
	assert_true(cf_fork_settle());
	assert_int_equal(resets, 0);
}

static void settle_twice(void **state)
{
	(void)state;
	resets = 0;
	assert_true(cf_fork_settle());
	assert_int_equal(resets, 1);
	assert_true(cf_fork_settle());
	assert_int_equal(resets, 1);
}

static void settle_in_two_generations(void **state)
{
	settle_twice(state);
	unit_in_child(settle_twice, NULL);
	assert_int_equal(resets, 1);
}

static void law_9_a_forked_child_drops_what_was_its_parents_once(void **state)
{
	(void)state;
	unit_in_child(settle_twice, NULL);
	unit_in_child(settle_in_two_generations, NULL);
	assert_true(cf_fork_settle());
	assert_int_equal(resets, 0);
}

static void a_child_of_the_raw_system_call_is_noticed_too(void **state)
{
	int status = -1;

	(void)state;
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		_exit(cf_fork_settle() && resets == 1 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void settle_in_vfork_child(void *settled)
{
	*(bool *)settled = cf_fork_settle();
}

static void law_9_a_vfork_child_drops_nothing_of_the_memory_that_it_shares(void **state)
{
	bool settled = false;

	(void)state;
	unit_in_vfork_child(settle_in_vfork_child, &settled);
	assert_true(settled);
	assert_int_equal(resets, 0);
}

static char order[16];

static void note_a(void)
{
	strcat(order, "a");
}

static void note_b(void)
{
	strcat(order, "b");
}

static void settle_in_order(void **state)
{
	(void)state;
	order[0] = '\0';
	assert_true(cf_fork_settle());
	assert_true(cf_fork_settle());
	assert_string_equal(order, "abbabaa");
}

static void law_9_a_forked_child_drops_everything_in_the_order_it_was_told(void **state)
{
	static void (*const notes[])(void) = { note_a, note_b, note_b, note_a,
					       note_b, note_a, note_a };

	(void)state;
	for (int i = 0; i < 7; i++) /* with reset(), eight */
		assert_true(cf_fork_on_child(notes[i]));
	assert_false(cf_fork_on_child(note_b));
	unit_in_child(settle_in_order, NULL);
	assert_string_equal(order, "");
}

static bool settled_meanwhile = true;

static void settle_within(void)
{
	settled_meanwhile = cf_fork_settle();
}

static void settle_within_settling(void **state)
{
	(void)state;
	resets = 0;
	assert_true(cf_fork_on_child(settle_within));
	assert_true(cf_fork_settle());
	assert_false(settled_meanwhile);
	assert_int_equal(resets, 1);
	assert_true(cf_fork_settle());
	assert_int_equal(resets, 1);
}

static void whoever_comes_while_another_settles_stands_aside(void **state)
{
	(void)state;
	unit_in_child(settle_within_settling, NULL);
}

static void see_wiped(void **state)
{
	const char *pages = *state;

	assert_int_equal(pages[0], 0);
	assert_int_equal(pages[4096], 'b');
}

static void pages_are_wiped_for_the_child_and_kept_by_the_parent(void **state)
{
	(void)state;
	char *pages = cf_pool_pages(8192);
	pages[0] = 'a';
	pages[4096] = 'b';
	assert_true(cf_fork_wipe(pages, 4096));
	unit_in_child(see_wiped, pages);
	assert_int_equal(pages[0], 'a');
	assert_false(cf_fork_wipe(pages + 1, 4096));
}

static void ask_whether_it_owns(void *owns)
{
	*(bool *)owns = cf_fork_is_own_process();
}

static bool does_a_vfork_child_own_its_memory(void)
{
	bool owns = true;

	unit_in_vfork_child(ask_whether_it_owns, &owns);
	return owns;
}

/* Also where the child of a child asks before its parent has. */
static void own_memory_but_not_by_a_vfork_child(void **state)
{
	(void)state;
	assert_false(does_a_vfork_child_own_its_memory());
	assert_true(cf_fork_is_own_process());
}

static void *ask_in_a_thread(void *owns)
{
	ask_whether_it_owns(owns);
	return NULL;
}

static void
law_9_a_vfork_child_does_not_own_its_memory_and_a_forked_one_does(void **state)
{
	bool owns = false;
	pthread_t thread;

	own_memory_but_not_by_a_vfork_child(state);
	unit_in_child(own_memory_but_not_by_a_vfork_child, NULL);
	pthread_create(&thread, NULL, ask_in_a_thread, &owns);
	pthread_join(thread, NULL);
	assert_true(owns);
}

static void ask_with_an_address(void *owns)
{
	static int cleared;

	syscall(SYS_set_tid_address, &cleared);
	ask_whether_it_owns(owns);
}

static void law_9_a_vfork_child_of_any_runtime_does_not_own_its_memory(void **state)
{
	bool owns = true;

	(void)state;
	unit_in_vfork_child(ask_with_an_address, &owns);
	assert_false(owns);
}

static void whose_memory_it_is_is_known_where_nothing_can_be_compared(void **state)
{
	(void)state;
	refusal_of_call(SYS_kcmp, EPERM);
	own_memory_but_not_by_a_vfork_child(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_process_that_began_drops_nothing,
				       given_a_watched_process),
		cmocka_unit_test_setup(
			law_9_a_forked_child_drops_what_was_its_parents_once,
			given_a_watched_process),
		cmocka_unit_test_setup(a_child_of_the_raw_system_call_is_noticed_too,
				       given_a_watched_process),
		cmocka_unit_test_setup(
			law_9_a_vfork_child_drops_nothing_of_the_memory_that_it_shares,
			given_a_watched_process),
		cmocka_unit_test_setup(
			law_9_a_forked_child_drops_everything_in_the_order_it_was_told,
			given_a_watched_process),
		cmocka_unit_test_setup(whoever_comes_while_another_settles_stands_aside,
				       given_a_watched_process),
		cmocka_unit_test(
			law_9_a_vfork_child_does_not_own_its_memory_and_a_forked_one_does),
		cmocka_unit_test(
			law_9_a_vfork_child_of_any_runtime_does_not_own_its_memory),
		cmocka_unit_test(
			whose_memory_it_is_is_known_where_nothing_can_be_compared),
		cmocka_unit_test(pages_are_wiped_for_the_child_and_kept_by_the_parent),
	};

	return unit_run(tests);
}
