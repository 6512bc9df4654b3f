/* SPDX-License-Identifier: MIT */
/*
 * test_curl_unloading.c - a libcurl may be unloaded after its cleanups, again and again, and
 * while other threads are at work. CURFEW_TEST_ROUNDS=2000 for a long evening.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "scratch.h"
#include "servers.h"
#include "suite.h"

#define VALGRIND	"/usr/bin/valgrind"
#define ROUNDS		"200"
#define VALGRIND_ROUNDS "20"
#define RACE_S		"5"
#define STOCK_RACE_S	"1"
#define RACE_MS		60000
#define ROUND_MS	1000 /* at most, when the machine is busy */
#define DEADLINE_MS	20
#define DEADLINE	"CURFEW_DEADLINE_CURL=20ms"
#define MOST_GROWTH_KB	1024 /* in the second half, however many rounds */
#define ONE_S_A_RESOLVE "RES_OPTIONS=timeout:1 attempts:1"

struct unloading {
	int rounds, before, after, gone;
	long half_kb, end_kb, longest_ms;
};

/* A name is given up by libc after 1 s: so all that was left behind is gone in the end. */
static struct running *run_unloading(const char *program, const char *const *arguments,
				     int within_ms)
{
	struct run_order order = { .program = program,
				   .variables = { DEADLINE, ONE_S_A_RESOLVE } };

	for (int i = 0; arguments[i]; i++)
		order.arguments[i] = arguments[i];
	servers_start();
	struct running *victim = run_start(&order);
	run_assert_ends(victim, within_ms, VICTIM_STATUS);
	return victim;
}

static struct unloading unloading_of(struct running *victim)
{
	struct unloading seen;
	const char *said = run_output(victim);

	print_message("             %s", said);
	assert_int_equal(sscanf(said,
				"%d rounds, threads %d %d, kB %ld %ld, gone %d, ms %ld",
				&seen.rounds, &seen.before, &seen.after, &seen.half_kb,
				&seen.end_kb, &seen.gone, &seen.longest_ms),
			 7);
	return seen;
}

static void a_libcurl_is_unloaded_after_each_of_many_bounded_cleanups(void **state)
{
	const char *wanted = getenv("CURFEW_TEST_ROUNDS");
	const char *rounds = wanted ? wanted : ROUNDS;
	const char *const arguments[] = { "unload", rounds, NULL };

	(void)state;
	struct unloading seen = unloading_of(run_unloading(
		RUN_VICTIM("curl_unload"), arguments, atoi(rounds) * ROUND_MS));
	assert_int_equal(seen.rounds, atoi(rounds));
	assert_int_equal(seen.gone, seen.rounds);
	assert_true(seen.longest_ms <= DEADLINE_MS + 100 + bounds_slack_ms());
	assert_int_equal(seen.after, seen.before);
#ifndef CURFEW_TEST_SANITIZED /* a runtime keeps what was freed */
	assert_true(seen.end_kb - seen.half_kb <= MOST_GROWTH_KB);
#endif
}

static void its_cleanups_are_the_ones_that_were_cut(void **state)
{
	static const char *const arguments[] = { "unload", "3", NULL };

	(void)state;
	struct running *victim =
		run_unloading(RUN_VICTIM("curl_unload"), arguments, 3 * ROUND_MS + 3000);
	events_assert_count(victim->events, "completed", 3);
	events_assert_count(victim->events, "double", 0);
}

#ifndef CURFEW_TEST_SANITIZED
static void valgrind_finds_no_access_to_what_was_unloaded(void **state)
{
	static const char *const arguments[] = {
		"-q",	  "--error-exitcode=99", RUN_VICTIM("curl_unload"),
		"unload", VALGRIND_ROUNDS,	 NULL
	};

	(void)state;
	if (access(VALGRIND, X_OK) != 0)
		suite_skip("no " VALGRIND);
	struct unloading seen = unloading_of(run_unloading(VALGRIND, arguments, 60000));
	assert_int_equal(seen.gone, seen.rounds);
}
#endif

#ifndef CURFEW_TEST_THREAD_SANITIZED /* which does not see the loader's lock */
/* Two lines, one for each thread. */
static void assert_each_has_its_own(const char *said)
{
	long rounds, right, wrong, failed;

	print_message("%s", said);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sscanf(said,
					"%ld rounds, right %ld, wrong %ld, failed %ld",
					&rounds, &right, &wrong, &failed),
				 4);
		assert_true(rounds > 0);
		assert_int_equal(right, rounds);
		assert_int_equal(wrong, 0);
		assert_int_equal(failed, 0);
		said = strchr(said, '\n') + 1;
	}
}

static void while_one_thread_loads_and_unloads_others_get_their_own_libcurl(void **state)
{
	(void)state;
	servers_start();
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim = run_start(
			&(struct run_order){ RUN_VICTIM("curl_race"),
					     { "race", is_stock ? STOCK_RACE_S : RACE_S,
					       CURFEW_TEST_PROGRAMS "/module_small.so" },
					     { NULL },
					     is_stock });

		run_assert_ends(victim, RACE_MS, VICTIM_STATUS);
		assert_each_has_its_own(run_output(victim));
		char *errors = scratch_text(victim->errors);
		assert_string_equal(errors, "");
		free(errors);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_libcurl_is_unloaded_after_each_of_many_bounded_cleanups),
		SUITE_TEST(its_cleanups_are_the_ones_that_were_cut),
#ifndef CURFEW_TEST_SANITIZED
		SUITE_TEST(valgrind_finds_no_access_to_what_was_unloaded),
#endif
#ifndef CURFEW_TEST_THREAD_SANITIZED
		SUITE_TEST(
			while_one_thread_loads_and_unloads_others_get_their_own_libcurl),
#endif
	};

	return suite_run(tests);
}
