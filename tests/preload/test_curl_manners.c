/* SPDX-License-Identifier: MIT */
/*
 * test_curl_manners.c - what programs do within and around a cleanup of libcurl's is as
 * stock, and bounded all the same.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "servers.h"
#include "suite.h"

#define END_MS 15000

static struct running *start(const char *verb, const char *argument, int is_stock)
{
	servers_start();
	return run_start(&(struct run_order){
		RUN_VICTIM("curl_manners"), { verb, argument }, { NULL }, is_stock });
}

static struct running *run(const char *verb, int is_stock, int status)
{
	struct running *victim = start(verb, NULL, is_stock);

	run_assert_ends(victim, END_MS, status);
	return victim;
}

static void after_a_longjmp_out_of_a_cleanup_nothing_is_cut(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim = run("jump", is_stock, VICTIM_STATUS);

		assert_int_equal(victim->marks->number[0], 0);
		bounds_took("the next cleanup", &victim->marks->call[0], 50, 150);
	}
}

static void a_transfer_from_a_close_callback_takes_its_time(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--)
		assert_int_equal(run("inside", is_stock, VICTIM_STATUS)->marks->number[0],
				 0);
}

static void what_a_callback_polls_itself_is_not_cut(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim = run("own_poll", is_stock, VICTIM_STATUS);

		assert_int_equal(victim->marks->number[0], 0);
		assert_int_equal(victim->marks->number[1], 0);
		assert_int_equal(victim->marks->number[2], 1);
		bounds_took("curl_easy_cleanup", &victim->marks->call[0], 1200, 1500);
	}
}

static void a_cleanup_in_an_atexit_handler_is_bounded(void **state)
{
	(void)state;
	struct running *victim = run("at_exit", 0, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[0], 200, 250);
	events_only(victim->events, "completed");
}

static void a_cleanup_on_another_thread_than_inits_is_bounded(void **state)
{
	(void)state;
	struct running *victim = run("other_thread", 0, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[0], 200, 250);
	events_only(victim->events, "completed");
}

#ifndef CURFEW_TEST_THREAD_SANITIZED /* whose own pthread_join waits for ever there */
/* The thread that resolves does not exist in the child, and libc knows. */
static void a_cleanup_in_a_forked_child_waits_for_no_thread_of_the_parent(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim = run("forked", is_stock, VICTIM_STATUS);

		bounds_took("curl_multi_remove_handle", &victim->marks->call[0], 0, 100);
	}
}
#endif

static void assert_hangs_stock(const char *verb, const char *argument)
{
	struct running *victim = start(verb, argument, 1);

	for (int64_t until = bounds_after(3000); bounds_nap(until);)
		;
	assert_true(victim->marks->call[0].began_ns > 0);
	assert_int_equal(victim->marks->call[0].ended_ns, 0);
}

static void a_close_callback_that_sleeps_is_interrupted(void **state)
{
	(void)state;
	assert_hangs_stock("sleeper", NULL);
	struct running *victim = run("sleeper", 0, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[0], 200, 350);
	const struct event *event = events_only(victim->events, "completed");
	assert_string_equal(event->call, "curl_easy_cleanup");
	assert_memory_equal(event->name, "sleep in clock_nanosleep", 24);
}

static void a_cookie_jar_on_a_fifo_is_interrupted(void **state)
{
	const char *fifo = scratch_path("fifo");

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_hangs_stock("jar", fifo);
	struct running *victim = start("jar", fifo, 0);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[0], 200, 350);
}

static void what_cannot_be_interrupted_is_reported_stuck(void **state)
{
	(void)state;
	struct running *victim = run("futex", 0, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[0], 700, 800);
	assert_int_equal(victim->marks->number[0], ETIMEDOUT);
	const struct event *event = events_only(victim->events, "stuck");
	assert_string_equal(event->call, "curl_easy_cleanup");
	assert_memory_equal(event->name, "futex", 5);
}

static void a_signal_that_the_program_has_blocked_ends_no_stuck_cleanup(void **state)
{
	(void)state;
	servers_start();
	struct running *victim = run_start(&(struct run_order){
		RUN_VICTIM("curl_manners"),
		{ "futex", "masked" },
		{ "CURFEW_ON_SIGNAL=TERM", "CURFEW_DEADLINE_EXIT=100ms" },
		0 });
	events_await(victim->events, "stuck", 1);
	assert_int_equal(kill(victim->pid, SIGTERM), 0);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
}

static void a_cookie_jar_on_a_dead_mount_is_stuck_until_a_signal_ends_it(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	servers_start();
	mount_hang(fuse, WEDGE_WRITE);
	struct running *victim = run_start(&(struct run_order){
		RUN_VICTIM("curl_manners"),
		{ "jar", mount_path(fuse, "jar") },
		{ "CURFEW_ON_SIGNAL=TERM", "CURFEW_DEADLINE_EXIT=300ms" },
		0 });
	events_await(victim->events, "stuck", 1);
	assert_memory_equal(events_only(victim->events, "stuck")->name, "write", 5);
	int64_t began = bounds_now();
	assert_int_equal(kill(victim->pid, SIGTERM), 0);
	events_await(victim->events, "forced-exit", 1);
	bounds_span("the end", began, bounds_now(), 300, 400);
	mount_recover(fuse); /* a write that the server has got, not even SIGKILL ends */
	run_assert_ends(victim, END_MS, RUN_SIGNALLED + SIGTERM);
}

static void after_a_longjmp_nothing_is_interrupted(void **state)
{
	(void)state;
	struct running *victim = run("jump_sleep", 0, VICTIM_STATUS);
	bounds_took("nanosleep", &victim->marks->call[0], 1000, 1050);
	assert_int_equal(victim->marks->call[0].result, 0);
}

static void a_second_cleanup_is_refused_and_reported(void **state)
{
	(void)state;
	struct running *victim = run("twice", 0, VICTIM_STATUS);
	assert_int_equal(victim->marks->call[0].result, 0);
	assert_int_equal(victim->marks->call[1].result, 1); /* CURLM_BAD_HANDLE */
	const struct event *event = events_only(victim->events, "double");
	assert_string_equal(event->call, "curl_multi_cleanup");
}

static void a_share_in_use_is_refused_by_libcurl_and_lives_on(void **state)
{
	(void)state;
	struct running *victim = run("in_use", 0, VICTIM_STATUS);
	assert_int_equal(victim->marks->number[0], 0);
	assert_int_equal(victim->marks->call[0].result, 2); /* CURLSHE_IN_USE */
	bounds_took("curl_share_cleanup", &victim->marks->call[1], 200, 250);
	assert_int_equal(victim->marks->call[1].result, 0);
	events_assert_count(victim->events, "double", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(after_a_longjmp_out_of_a_cleanup_nothing_is_cut),
		SUITE_TEST(a_transfer_from_a_close_callback_takes_its_time),
		SUITE_TEST(what_a_callback_polls_itself_is_not_cut),
		SUITE_TEST(a_cleanup_in_an_atexit_handler_is_bounded),
		SUITE_TEST(a_cleanup_on_another_thread_than_inits_is_bounded),
#ifndef CURFEW_TEST_THREAD_SANITIZED
		SUITE_TEST(a_cleanup_in_a_forked_child_waits_for_no_thread_of_the_parent),
#endif
		SUITE_TEST(a_close_callback_that_sleeps_is_interrupted),
		SUITE_TEST(a_cookie_jar_on_a_fifo_is_interrupted),
		SUITE_TEST(what_cannot_be_interrupted_is_reported_stuck),
		SUITE_TEST(a_signal_that_the_program_has_blocked_ends_no_stuck_cleanup),
		SUITE_TEST(a_cookie_jar_on_a_dead_mount_is_stuck_until_a_signal_ends_it),
		SUITE_TEST(after_a_longjmp_nothing_is_interrupted),
		SUITE_TEST(a_second_cleanup_is_refused_and_reported),
		SUITE_TEST(a_share_in_use_is_refused_by_libcurl_and_lives_on),
	};

	return suite_run(tests);
}
