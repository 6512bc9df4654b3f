/* SPDX-License-Identifier: MIT */
/*
 * test_curl.c - programs on libcurl whose cleanups wait for a peer: stock they hang,
 * with the library each cleanup call returns at its deadline with everything done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "curl_ways.h"
#include "events.h"
#include "run.h"
#include "servers.h"
#include "suite.h"
#include "version.h"

#define CUT_OFF_MS 3000 /* of what is stock; or CURFEW_TEST_STOCK_MS */
#define END_MS	   10000
#define FTP	   (&curl_ways[5]) /* "FTP, easy"; the next has 3 */

static struct running *start(const struct curl_way *way, int is_stock,
			     const char *variable)
{
	struct run_order order = { .program = RUN_VICTIM("curl"),
				   .variables = { variable },
				   .is_stock = is_stock };

	memcpy(order.arguments, way->words, sizeof(way->words));
	return run_start(&order);
}

/* What is seen of the stock ones, for the table. */
static struct marks seen[CURL_WAYS];

static int cut_off_ms(void)
{
	const char *value = getenv("CURFEW_TEST_STOCK_MS");

	return value ? atoi(value) : CUT_OFF_MS;
}

/* How long a call has taken so far; a call that was not begun has taken no time. */
static int ms_of(const struct mark *mark)
{
	int64_t end = mark->ended_ns ? mark->ended_ns : bounds_now();

	return mark->began_ns ? (int)((end - mark->began_ns) / BOUNDS_MS) : 0;
}

static int longest_of(const struct marks *marks)
{
	int longest = PERFORM;

	for (int call = EASY; call < CALLS; call++) {
		if (ms_of(&marks->call[call]) >= ms_of(&marks->call[longest]))
			longest = call;
	}
	return longest;
}

static void stock_each_of_them_hangs(void **state)
{
	struct running *victims[CURL_WAYS];
	size_t ended = 0;

	(void)state;
	servers_start();
	for (size_t i = 0; i < CURL_WAYS; i++)
		victims[i] = start(&curl_ways[i], 1, NULL);
	for (int64_t until = bounds_after(cut_off_ms());
	     ended < CURL_WAYS && bounds_nap(until);)
		while (ended < CURL_WAYS && run_has_ended(victims[ended]))
			ended++;
	for (size_t i = 0; i < CURL_WAYS; i++)
		seen[i] = *victims[i]->marks;
	for (size_t i = 0; i < CURL_WAYS; i++) {
		struct curl_stock stock =
			curl_ways_stock(&curl_ways[i], longest_of(&seen[i]));
		const struct mark *mark = &seen[i].call[stock.call];

		if (!mark->began_ns ||
		    (mark->ended_ns && ms_of(mark) < 900 * stock.seconds))
			fail_msg("stock, %s does not hang in its call: %d ms in %s",
				 curl_ways[i].name, ms_of(mark),
				 curl_calls[longest_of(&seen[i])]);
	}
}

/* One line of the table. */
static void tell(const struct curl_way *way, const struct running *victim)
{
	const struct marks *marks = &seen[way - curl_ways];
	int call = longest_of(marks), has_ended = marks->call[call].ended_ns != 0;
	int stock_ms = has_ended ? ms_of(&marks->call[call]) : cut_off_ms();

	if (marks->call[call].began_ns)
		print_message(
			"  libcurl %s %-33s %-13s stock %s%5.2f s, bounded %5.2f s, "
			"all cleanups %5.2f s\n",
			version_text(), way->name, curl_calls[call],
			has_ended ? "  " : "> ", stock_ms / 1000.0,
			ms_of(&victim->marks->call[call]) / 1000.0,
			(double)victim->marks->number[3] / 1000);
}

/* Bounded, everything freed in libcurl's own way, and said. */
static void assert_bounded(struct running *victim, const struct curl_way *way)
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
	for (size_t i = 0; i < CURL_WAYS; i++) {
		struct running *victim = start(&curl_ways[i], 0, NULL);

		assert_bounded(victim, &curl_ways[i]);
		tell(&curl_ways[i], victim);
	}
}

static void behind_a_preload_that_wraps_poll_and_getaddrinfo_all_of_it_holds(void **state)
{
	(void)state;
	servers_start();
	for (size_t i = 0; i < CURL_WAYS; i++)
		assert_bounded(start(&curl_ways[i], 1, "LD_PRELOAD=" CURFEW_TEST_WRAPPED),
			       &curl_ways[i]);
}

/* The call that waits for the lookup of a transfer that was given up. */
static int waiting_call(void)
{
	return version_era() < VERSION_BETWEEN ? REMOVE : MULTI;
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
	struct running *victim = start(&curl_ways[0], 0, NULL);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	const struct event *event = first(victim->events, "completed");
	assert_string_equal(event->call + strlen("curl_"), curl_calls[waiting_call()]);
	assert_string_equal(event->class, "curl");
	assert_string_equal(event->name, "resolve of dead");
	assert_int_equal((int)event->deadline_ms, 200);
	assert_true(event->waited_ms >= 190); /* in its waits alone */
	victim = start(FTP, 0, NULL);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	event = first(victim->events, "completed");
	assert_string_equal(event->call, "curl_easy_cleanup");
	assert_string_equal(event->name, "answer of 127.0.0.1:2101");
}

static void an_answer_in_time_is_waited_for(void **state)
{
	static const struct curl_way polite = { "FTP, answers QUIT after 50 ms",
						{ "easy", "url=ftp://127.0.0.1:2111/f" },
						{ { 0 } },
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
	struct running *victim = start(FTP, 0, "CURFEW_DEADLINE_CURL=600ms");
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[EASY], 600, 650);
	victim = start(FTP, 0, "CURFEW_DEADLINE_CURL=0");
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_took("curl_easy_cleanup", &victim->marks->call[EASY], 0, 50);
}

/* Longer than libcurl waits for one of them since 8.13. */
static void three_connections_share_one_deadline(void **state)
{
	(void)state;
	servers_start();
	struct running *victim = start(FTP + 1, 0, "CURFEW_DEADLINE_CURL=1500ms");
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_took("curl_multi_cleanup", &victim->marks->call[MULTI], 1500, 1550);
}

static void assert_still_waits(const char *variable)
{
	struct running *victim = start(FTP, 0, variable);

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
	bounds_took("the cleanup", &victim->marks->call[waiting_call()], 500, 800);
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
		SUITE_TEST(three_connections_share_one_deadline),
		SUITE_TEST(observe_off_and_no_deadline_cut_nothing),
		SUITE_TEST(observe_tells_what_would_have_been_ended),
	};

	return suite_run(tests);
}
