/* SPDX-License-Identifier: MIT */
/*
 * test_curl_lives.c - whatever a program does with libcurl's handles from init to cleanup,
 * every result is as stock, however it has come to libcurl's functions.
 */
#include <stdio.h>
#include <string.h>

#include "events.h"
#include "run.h"
#include "servers.h"
#include "suite.h"

#define END_MS	     20000
#define OUTPUT_BYTES 4096

static struct running *run(const char *victim, const char *life, const char *way,
			   int is_stock)
{
	struct running *running = run_start(
		&(struct run_order){ victim, { life, way }, { NULL }, is_stock });

	run_assert_ends(running, END_MS, VICTIM_STATUS);
	return running;
}

static void assert_as_stock(const char *victim, const char *life, const char *a_line)
{
	static const char *const ways[] = { "linked", "default", "libcurl.so.4",
					    "libcurl-gnutls.so.4" };
	static const char *const endings[] = { "completed", "stuck", "double" };
	char stock[OUTPUT_BYTES];

	servers_start();
	for (int i = 0; i < 4; i++) {
		print_message("             %s, %s\n", life, ways[i]);
		snprintf(stock, sizeof(stock), "%s",
			 run_output(run(victim, life, ways[i], 1)));
		assert_non_null(strstr(stock, a_line));
		struct running *ours = run(victim, life, ways[i], 0);
		assert_string_equal(run_output(ours), stock);
		for (int j = 0; j < 3; j++)
			assert_int_equal(events_count(ours->events, endings[j]), 0);
	}
}

static void assert_life_as_stock(const char *life, const char *a_line)
{
	assert_as_stock(RUN_VICTIM("curl_lives"), life, a_line);
}

static void assert_place_as_stock(const char *place, const char *a_line)
{
	assert_as_stock(RUN_VICTIM("curl_places"), place, a_line);
}

static void a_multi_lives_as_stock(void **state)
{
	(void)state;
	assert_life_as_stock("multi", "transfer 0\n");
}

static void an_easy_lives_as_stock(void **state)
{
	(void)state;
	assert_life_as_stock("easy", "perform 0\n");
}

static void a_share_lives_as_stock_and_is_refused_while_in_use(void **state)
{
	(void)state;
	assert_life_as_stock("share", "share cleanup 2\n"); /* CURLSHE_IN_USE */
}

static void a_copy_of_a_handle_lives_as_stock(void **state)
{
	(void)state;
	assert_life_as_stock("duphandle", "perform 0\n");
}

static void a_multi_may_go_before_its_easies(void **state)
{
	(void)state;
	assert_life_as_stock("multi_first", "running 1\n");
}

static void easies_may_go_while_they_are_added(void **state)
{
	(void)state;
	assert_life_as_stock("easies_first", "running 1\n");
}

static void what_libcurl_refuses_is_refused_as_stock(void **state)
{
	(void)state;
	assert_life_as_stock("refused", "multi cleanup of none 1\n");
}

static void after_a_global_cleanup_all_begins_anew(void **state)
{
	(void)state;
	assert_life_as_stock("again", "init 0\n");
}

static void a_cleanup_on_another_thread_is_as_stock(void **state)
{
	(void)state;
	assert_place_as_stock("thread", "share cleanup 0\n");
}

static void a_cleanup_in_a_forked_child_is_as_stock(void **state)
{
	(void)state;
	assert_place_as_stock("fork", "child 768\n");
}

static void a_cleanup_in_an_exit_handler_is_as_stock(void **state)
{
	(void)state;
	assert_place_as_stock("at_exit", "share cleanup 0\n");
}

static void a_cleanup_from_its_own_callback_is_refused_as_stock(void **state)
{
	(void)state;
	assert_place_as_stock("inside", "inside, multi cleanup 8\n"); /* recursive */
}

static void another_life_within_a_callback_is_as_stock(void **state)
{
	(void)state;
	assert_place_as_stock("inside_other", "share cleanup 0\n");
}

static void a_cleanup_with_socket_callbacks_is_as_stock(void **state)
{
	(void)state;
	assert_place_as_stock("events", "sockets removed 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_multi_lives_as_stock),
		SUITE_TEST(an_easy_lives_as_stock),
		SUITE_TEST(a_share_lives_as_stock_and_is_refused_while_in_use),
		SUITE_TEST(a_copy_of_a_handle_lives_as_stock),
		SUITE_TEST(a_multi_may_go_before_its_easies),
		SUITE_TEST(easies_may_go_while_they_are_added),
		SUITE_TEST(what_libcurl_refuses_is_refused_as_stock),
		SUITE_TEST(after_a_global_cleanup_all_begins_anew),
		SUITE_TEST(a_cleanup_on_another_thread_is_as_stock),
		SUITE_TEST(a_cleanup_in_a_forked_child_is_as_stock),
		SUITE_TEST(a_cleanup_in_an_exit_handler_is_as_stock),
		SUITE_TEST(a_cleanup_from_its_own_callback_is_refused_as_stock),
		SUITE_TEST(another_life_within_a_callback_is_as_stock),
		SUITE_TEST(a_cleanup_with_socket_callbacks_is_as_stock),
	};

	return suite_run(tests);
}
