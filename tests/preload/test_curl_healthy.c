/* SPDX-License-Identifier: MIT */
/*
 * test_curl_healthy.c - where nothing hangs, a program on libcurl gets what it gets stock:
 * also while it is stopped, under limits, and of what it sees of its own process.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "servers.h"
#include "suite.h"

#define END_MS	 20000
#define ANSWERED 50 /* ms: so late does the server answer QUIT */
#define LOOKUPS	 20

static struct running *start(const char *program, const char *verb, int is_stock)
{
	servers_start();
	return run_start(&(struct run_order){ program, { verb }, { NULL }, is_stock });
}

static struct running *run(const char *verb, int is_stock)
{
	struct running *victim = start(RUN_VICTIM("curl_healthy"), verb, is_stock);

	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	return victim;
}

static void nap(int ms)
{
	for (int64_t until = bounds_after(ms); bounds_nap(until);)
		;
}

static void stop_for(const struct running *victim, int ms)
{
	assert_int_equal(kill(victim->pid, SIGSTOP), 0);
	nap(ms);
	assert_int_equal(kill(victim->pid, SIGCONT), 0);
}

static void each_of_ten_servers_is_waited_for(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim = run("ten", is_stock);

		assert_true(victim->marks->number[0] >= ANSWERED);
		events_assert_count(victim->events, "completed", 0);
	}
}

static void after_a_cleanup_the_own_signal_is_the_programs_again(void **state)
{
	(void)state;
	struct running *victim = run("signals", 1);
	assert_int_equal(victim->marks->number[0], 0);
	assert_int_equal(victim->marks->number[4], 0);
	victim = run("signals", 0);
	assert_int_equal(victim->marks->number[0], -1); /* it was used */
	assert_int_equal(victim->marks->number[4], 0);
}

/* It runs for an eighth of its deadline, and is stopped for twice as much. */
static void time_in_which_a_program_is_stopped_does_not_count(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		servers_start();
		struct running *victim =
			run_start(&(struct run_order){ RUN_VICTIM("curl_healthy"),
						       { "reader" },
						       { "CURFEW_DEADLINE_CURL=500ms" },
						       is_stock });
		run_await_step(victim, 1, END_MS);
		stop_for(victim, 1000);
		nap(60); /* the watchdog looks every 50 ms */
		run_let_go(victim, 1);
		run_assert_ends(victim, END_MS, VICTIM_STATUS);
		assert_int_equal(victim->marks->call[0].result, 1);
	}
}

static void twenty_lookups_succeed_where_24_tasks_are_allowed(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--)
		assert_int_equal(run("limited", is_stock)->marks->number[0], LOOKUPS);
}

#ifndef CURFEW_TEST_THREAD_SANITIZED /* which has a thread of its own from the start */
static void after_a_cleanup_a_program_may_enter_a_user_namespace(void **state)
{
	(void)state;
	if (run("namespace", 1)->marks->call[0].result != 0)
		suite_skip("no user namespace of a program's own");
	assert_int_equal(run("namespace", 0)->marks->call[0].result, 0);
}

static int count_tasks(const struct running *victim)
{
	char path[32];
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)victim->pid);
	DIR *directory = opendir(path);
	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2; /* "." and ".." */
}

/* libcurl waits for the thread that it has just made, for as long as DNS takes. */
static void a_transfer_that_is_stopped_in_its_lookup_still_works(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim =
			start(RUN_VICTIM("curl_neighbours"), "interface", is_stock);

		for (int64_t until = bounds_after(END_MS); count_tasks(victim) < 2;)
			assert_true(bounds_now() < until);
		stop_for(victim, 120);
		run_assert_ends(victim, END_MS, VICTIM_STATUS);
		assert_int_equal(victim->marks->number[0], 0);
	}
}
#endif

#ifndef CURFEW_TEST_SANITIZED /* the runtimes give no address twice */
static void a_handle_at_the_address_of_an_earlier_one_is_not_refused(void **state)
{
	(void)state;
	struct running *victim = run("door", 0);
	assert_true(victim->marks->number[0] > 0);
	events_assert_count(victim->events, "double", 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(each_of_ten_servers_is_waited_for),
		SUITE_TEST(after_a_cleanup_the_own_signal_is_the_programs_again),
		SUITE_TEST(time_in_which_a_program_is_stopped_does_not_count),
		SUITE_TEST(twenty_lookups_succeed_where_24_tasks_are_allowed),
#ifndef CURFEW_TEST_THREAD_SANITIZED
		SUITE_TEST(after_a_cleanup_a_program_may_enter_a_user_namespace),
		SUITE_TEST(a_transfer_that_is_stopped_in_its_lookup_still_works),
#endif
#ifndef CURFEW_TEST_SANITIZED
		SUITE_TEST(a_handle_at_the_address_of_an_earlier_one_is_not_refused),
#endif
	};

	return suite_run(tests);
}
