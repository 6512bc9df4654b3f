/* SPDX-License-Identifier: MIT */
/*
 * test_curl.c - programs on libcurl whose cleanups wait for a peer: stock they hang,
 * with the library each cleanup call returns at its deadline with everything done.
 */
#include <stdio.h>
#include <string.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "servers.h"
#include "suite.h"

#define CUT_OFF_MS 3000
#define LEAST	   (900 * BOUNDS_MS) /* libcurl waits for QUIT no longer since 8.13 */
#define END_MS	   10000
#define MOST_WORDS 8

enum { PERFORM, EASY, REMOVE, MULTI, CALLS };

static const struct way {
	const char *name;
	const char *words[MOST_WORDS];
	int late;   /* the first call that waits */
	int result; /* of the transfer */
	int connections;
} ways[] = {
	{ "DNS, multi, remove first",
	  { "multi", "url=http://dead/", "give_up=300" },
	  REMOVE,
	  0,
	  0 },
	{ "DNS, multi, multi_cleanup first",
	  { "multi", "url=http://dead/", "give_up=300", "order=multi" },
	  MULTI,
	  0,
	  0 },
	{ "DNS, easy, after its time-out",
	  { "easy", "url=http://dead/", "timeout=1000" },
	  PERFORM,
	  28,
	  0 },
	{ "DNS of an HTTP proxy",
	  { "multi", "url=http://live.test/", "proxy=http://dead:3128", "give_up=300" },
	  REMOVE,
	  0,
	  0 },
	{ "DNS, resolved for a SOCKS5 proxy",
	  { "multi", "url=http://dead/", "proxy=socks5://127.0.0.1", "give_up=300" },
	  REMOVE,
	  0,
	  0 },
	{ "FTP, easy", { "easy", "url=ftp://127.0.0.1:2101/f" }, EASY, 0, 1 },
	{ "FTP, multi, 3 connections",
	  { "multi", "url=ftp://127.0.0.1:2101/f", "count=3" },
	  MULTI,
	  0,
	  3 },
	{ "FTP, 3 easy handles",
	  { "easy", "url=ftp://127.0.0.1:2101/f", "count=3" },
	  EASY,
	  0,
	  3 },
	{ "FTP over TLS", { "easy", "url=ftp://127.0.0.1:2121/f", "tls=1" }, EASY, 0, 1 },
	{ "FTP through an HTTP proxy",
	  { "easy", "url=ftp://127.0.0.1:2101/f", "proxy=http://127.0.0.1:3128" },
	  EASY,
	  0,
	  1 },
	{ "FTP through a SOCKS5 proxy",
	  { "easy", "url=ftp://127.0.0.1:2101/f", "proxy=socks5://127.0.0.1" },
	  EASY,
	  0,
	  1 },
	{ "IMAP, easy", { "easy", "url=imap://127.0.0.1:2102/" }, EASY, 0, 1 },
	{ "IMAP, multi, 3 connections",
	  { "multi", "url=imap://127.0.0.1:2102/", "count=3" },
	  MULTI,
	  0,
	  3 },
	{ "POP3, easy", { "easy", "url=pop3://127.0.0.1:2103/" }, EASY, 0, 1 },
	{ "POP3, multi, 3 connections",
	  { "multi", "url=pop3://127.0.0.1:2103/", "count=3" },
	  MULTI,
	  0,
	  3 },
	{ "SMTP, easy",
	  { "easy", "url=smtp://127.0.0.1:2104/", "upload=5" },
	  EASY,
	  0,
	  1 },
	{ "SMTP, multi, 3 connections",
	  { "multi", "url=smtp://127.0.0.1:2104/", "upload=5", "count=3" },
	  MULTI,
	  0,
	  3 },
	{ "an upload that lingers",
	  { "multi", "url=http://127.0.0.1:8003/", "upload=1", "linger=60",
	    "give_up=300" },
	  REMOVE,
	  0,
	  1 },
	{ "50 pending names",
	  { "multi", "url=http://dead%d/", "count=50", "give_up=300" },
	  REMOVE,
	  0,
	  0 },
};

#define WAYS (sizeof(ways) / sizeof(*ways))
#define FTP  5 /* the number of "FTP, easy" */

static struct running *start(const struct way *way, int is_stock, const char *variable)
{
	struct run_order order = { .program = RUN_VICTIM("curl"),
				   .variables = { variable },
				   .is_stock = is_stock };

	memcpy(order.arguments, way->words, sizeof(way->words));
	return run_start(&order);
}

static void stock_each_of_them_hangs(void **state)
{
	struct running *victims[WAYS];

	(void)state;
	servers_start();
	for (size_t i = 0; i < WAYS; i++)
		victims[i] = start(&ways[i], 1, NULL);
	for (int64_t until = bounds_after(CUT_OFF_MS); bounds_nap(until);)
		;
	for (size_t i = 0; i < WAYS; i++) {
		const struct mark *mark = &victims[i]->marks->call[ways[i].late];

		if (!mark->began_ns ||
		    (mark->ended_ns && mark->ended_ns - mark->began_ns < LEAST))
			fail_msg("stock, %s does not hang in its call", ways[i].name);
	}
}

/* Bounded, everything freed in libcurl's own way, and said. */
static void assert_bounded(struct running *victim, const struct way *way)
{
	char what[64];

	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	for (int call = EASY; call < CALLS; call++) {
		if (!victim->marks->call[call].began_ns)
			continue;
		snprintf(what, sizeof(what), "%s, call %d", way->name, call);
		bounds_took(what, &victim->marks->call[call], 0, 250);
		assert_int_equal(victim->marks->call[call].result, 0);
	}
	assert_int_equal(victim->marks->number[0], way->result);
	assert_true(victim->marks->number[1] >= way->connections);
	assert_int_equal(victim->marks->number[2], 0);
	if (victim->marks->number[3] > 500 + bounds_slack_ms())
		fail_msg("%s: all cleanups took %d ms", way->name,
			 (int)victim->marks->number[3]);
}

static void each_cleanup_returns_at_its_deadline(void **state)
{
	(void)state;
	servers_start();
	for (size_t i = 0; i < WAYS; i++)
		assert_bounded(start(&ways[i], 0, NULL), &ways[i]);
}

static void behind_a_preload_that_wraps_poll_and_getaddrinfo_all_of_it_holds(void **state)
{
	(void)state;
	servers_start();
	for (size_t i = 0; i < WAYS; i++)
		assert_bounded(start(&ways[i], 1, "LD_PRELOAD=" CURFEW_TEST_WRAPPED),
			       &ways[i]);
}

static const struct event *first(const char *path, const char *ending)
{
	const struct events *events = events_read(path);

	for (int i = 0; i < events->count; i++) {
		if (strcmp(events->list[i].ending, ending) == 0)
			return &events->list[i];
	}
	fail_msg("no event %s", ending);
	return NULL;
}

static void the_event_says_which_cleanup_waited_for_whom(void **state)
{
	(void)state;
	servers_start();
	struct running *victim = start(&ways[0], 0, NULL);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	const struct event *event = first(victim->events, "completed");
	assert_string_equal(event->call, "curl_multi_remove_handle");
	assert_string_equal(event->class, "curl");
	assert_string_equal(event->name, "resolve of dead");
	assert_int_equal((int)event->deadline_ms, 200);
	assert_true(event->waited_ms >= 190); /* in its waits alone */
	victim = start(&ways[FTP], 0, NULL);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	event = first(victim->events, "completed");
	assert_string_equal(event->call, "curl_easy_cleanup");
	assert_string_equal(event->name, "answer of 127.0.0.1:2101");
}

static void an_answer_in_time_is_waited_for(void **state)
{
	static const struct way polite = { "FTP, answers QUIT after 50 ms",
					   { "easy", "url=ftp://127.0.0.1:2111/f" },
					   EASY,
					   0,
					   1 };

	(void)state;
	servers_start();
	struct running *victim = start(&polite, 0, NULL);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[EASY], 50, 200);
	events_assert_count(victim->events, "completed", 0);
	assert_true(first(victim->events, "finished")->waited_ms >= 40);
}

static void a_deadline_of_its_own_is_kept(void **state)
{
	(void)state;
	servers_start();
	struct running *victim = start(&ways[FTP], 0, "CURFEW_DEADLINE_CURL=600ms");
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[EASY], 600, 650);
	victim = start(&ways[FTP], 0, "CURFEW_DEADLINE_CURL=0");
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[EASY], 0, 50);
}

static void assert_still_waits(const char *variable)
{
	struct running *victim = start(&ways[FTP], 0, variable);

	for (int64_t until = bounds_after(1000); bounds_nap(until);)
		;
	assert_false(run_has_ended(victim));
	assert_true(victim->marks->call[EASY].began_ns > 0);
	assert_int_equal(victim->marks->call[EASY].ended_ns, 0);
}

static void observe_off_and_no_deadline_cut_nothing(void **state)
{
	(void)state;
	servers_start();
	assert_still_waits("CURFEW=observe");
	assert_still_waits("CURFEW=off");
	assert_still_waits("CURFEW_DEADLINE_CURL=off");
}

static void observe_tells_what_would_have_been_ended(void **state)
{
	struct run_order order = { .program = RUN_VICTIM("curl"),
				   .arguments = { "multi", "url=http://slow.test:8001/",
						  "give_up=300" },
				   .variables = { "CURFEW=observe" } };

	(void)state;
	servers_start();
	struct running *victim = run_start(&order);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_took("remove", &victim->marks->call[REMOVE], 500, 800);
	const struct events *events = events_read(victim->events);
	int would = 0;
	for (int i = 0; i < events->count; i++)
		would += strcmp(events->list[i].would, "completed") == 0;
	assert_int_equal(would, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(stock_each_of_them_hangs),
		SUITE_TEST(each_cleanup_returns_at_its_deadline),
		SUITE_TEST(
			behind_a_preload_that_wraps_poll_and_getaddrinfo_all_of_it_holds),
		SUITE_TEST(the_event_says_which_cleanup_waited_for_whom),
		SUITE_TEST(an_answer_in_time_is_waited_for),
		SUITE_TEST(a_deadline_of_its_own_is_kept),
		SUITE_TEST(observe_off_and_no_deadline_cut_nothing),
		SUITE_TEST(observe_tells_what_would_have_been_ended),
	};

	return suite_run(tests);
}
