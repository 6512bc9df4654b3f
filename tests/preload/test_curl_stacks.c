/* SPDX-License-Identifier: MIT */
/*
 * test_curl_stacks.c - a cleanup that was left otherwise than by its return has no hold on
 * what its thread, or another coroutine of it, does afterwards.
 */
#include "bounds.h"
#include "events.h"
#include "run.h"
#include "servers.h"
#include "suite.h"

#define END_MS	 15000
#define ANSWERED 50 /* ms: so late does the server answer QUIT */

static struct running *run(const char *verb, int is_stock)
{
	servers_start();
	struct running *victim = run_start(&(struct run_order){
		RUN_VICTIM("curl_stacks"), { verb }, { NULL }, is_stock });
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	return victim;
}

static void assert_waits_for_answers_after(const char *verb)
{
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim = run(verb, is_stock);

		assert_true(victim->marks->number[0] >= ANSWERED);
		events_assert_count(victim->events, "completed", 0);
	}
}

static void after_a_longjmp_cleanups_deeper_in_the_stack_have_their_time(void **state)
{
	(void)state;
	assert_waits_for_answers_after("jump");
}

/* tsan starts a thread with the program's first, and knows no stacks but of threads. */
#ifndef CURFEW_TEST_THREAD_SANITIZED
static void after_a_pthread_exit_in_a_callback_no_thread_is_left(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--)
		assert_int_equal(run("exit", is_stock)->marks->number[0], 0);
}

static void a_scheduler_is_not_interrupted_for_a_coroutine_in_a_cleanup(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim = run("scheduler", is_stock);

		bounds_took("nanosleep", &victim->marks->call[0], 1000, 1050);
		assert_int_equal(victim->marks->call[0].result, 0);
	}
}

static void after_coroutines_have_interleaved_cleanups_have_their_time(void **state)
{
	(void)state;
	assert_waits_for_answers_after("coroutines");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(after_a_longjmp_cleanups_deeper_in_the_stack_have_their_time),
#ifndef CURFEW_TEST_THREAD_SANITIZED
		SUITE_TEST(after_a_pthread_exit_in_a_callback_no_thread_is_left),
		SUITE_TEST(a_scheduler_is_not_interrupted_for_a_coroutine_in_a_cleanup),
		SUITE_TEST(after_coroutines_have_interleaved_cleanups_have_their_time),
#endif
	};

	return suite_run(tests);
}
