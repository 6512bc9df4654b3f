/* SPDX-License-Identifier: MIT */
/*
 * test_end_signals.c - the end that begins with a signal of CURFEW_ON_SIGNAL comes when it
 * is due and to nobody else, and programs see of their signals what they saw without us.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define DEADLINE_MS  1000
#define PROMPTLY_MS  50
#define REAP_MS	     20000
#define CHILD_STATUS 5

#ifdef CURFEW_TEST_SANITIZED /* where each is dear */
#define SWITCHES "2000"
#else
#define SWITCHES "100000"
#endif

static struct running *start(const char *verb, const char *signals, const char *deadline,
			     int is_stock)
{
	return run_start(&(struct run_order){ .program = RUN_VICTIM("end_signals"),
					      .arguments = { verb, SWITCHES },
					      .variables = { signals, deadline },
					      .is_stock = is_stock });
}

static void assert_silent(const struct running *victim)
{
	char *said = scratch_text(victim->errors);

	assert_string_equal(said, "");
	free(said);
	assert_int_equal(events_count(victim->events, "forced-exit"), 0);
}

static void a_handler_is_whole_while_it_is_being_replaced(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim =
			start("switches", "CURFEW_ON_SIGNAL=USR1", NULL, is_stock);

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		assert_silent(victim);
	}
}

static void a_signal_ends_the_program_when_the_thread_that_had_it_is_gone(void **state)
{
	(void)state;
	struct running *victim =
		start("gone", "CURFEW_ON_SIGNAL=TERM", "CURFEW_DEADLINE_EXIT=1s", 0);
	run_assert_ends(victim, REAP_MS, RUN_SIGNALLED + SIGTERM);
	bounds_span("end", victim->marks->left_ns, victim->reaped_ns, DEADLINE_MS,
		    DEADLINE_MS + PROMPTLY_MS);
	const struct event *event = events_only(victim->events, "forced-exit");
	assert_int_equal(event->pid, victim->pid);
	assert_int_equal(event->result, RUN_SIGNALLED + SIGTERM);
}

static void the_signal_of_a_vfork_child_leaves_the_end_of_its_parent_alone(void **state)
{
	(void)state;
	struct running *victim =
		start("vfork", "CURFEW_ON_SIGNAL=TERM", "CURFEW_DEADLINE_EXIT=1s", 0);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_int_equal(victim->marks->call[0].result, SIGTERM);
	bounds_span("end", victim->marks->left_ns, victim->reaped_ns, DEADLINE_MS,
		    DEADLINE_MS + PROMPTLY_MS);
	const struct event *event = events_only(victim->events, "forced-exit");
	assert_int_equal(event->pid, victim->pid);
	assert_int_equal(event->result, VICTIM_STATUS);
}

static void the_first_of_a_namespace_is_not_ended_by_what_it_does_not_handle(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim = start("first", "CURFEW_ON_SIGNAL=TERM",
					       "CURFEW_DEADLINE_EXIT=1s", is_stock);

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		assert_int_equal(victim->marks->call[0].result, CHILD_STATUS << 8);
		assert_silent(victim);
	}
}

/* The kernel asks for the handler alone, whatever the flags are. */
static void a_flag_makes_no_handler_of_what_is_none(void **state)
{
	static const struct {
		const char *how;
		int status;
	} ways[] = {
		{ "ignored", VICTIM_STATUS },
#ifndef CURFEW_TEST_THREAD_SANITIZED /* whose runtime takes it for a handler */
		{ "default", RUN_SIGNALLED + SIGTERM },
#endif
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(ways) / sizeof(*ways); i++) {
		struct running *victim = run_start(
			&(struct run_order){ .program = RUN_VICTIM("end_signals"),
					     .arguments = { "siginfo", ways[i / 2].how },
					     .variables = { "CURFEW_ON_SIGNAL=TERM" },
					     .is_stock = i % 2 == 0 });

		run_assert_ends(victim, REAP_MS, ways[i / 2].status);
		assert_silent(victim);
	}
}

static char *told(int is_stock)
{
	struct running *victim = start("told", "CURFEW_ON_SIGNAL=TERM", NULL, is_stock);

	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_silent(victim);
	return strdup(run_output(victim));
}

/* The first line that differs: cmocka would cut off both. */
static void assert_same_lines(const char *stock, const char *seen)
{
	size_t at = 0;

	for (size_t i = 0; stock[i] && stock[i] == seen[i]; i++) {
		if (stock[i] == '\n')
			at = i + 1;
	}
	if (strcmp(stock, seen) != 0)
		fail_msg("\"%.*s\", stock \"%.*s\"", (int)strcspn(seen + at, "\n"),
			 seen + at, (int)strcspn(stock + at, "\n"), stock + at);
}

static void what_a_program_is_told_of_its_signal_is_as_stock(void **state)
{
	(void)state;
	char *stock = told(1), *seen = told(0);

	assert_non_null(strstr(stock, "ignore: 0\n"));
	assert_same_lines(stock, seen);
	free(stock);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_handler_is_whole_while_it_is_being_replaced),
		SUITE_TEST(a_signal_ends_the_program_when_the_thread_that_had_it_is_gone),
		SUITE_TEST(
			the_signal_of_a_vfork_child_leaves_the_end_of_its_parent_alone),
		SUITE_TEST(
			the_first_of_a_namespace_is_not_ended_by_what_it_does_not_handle),
		SUITE_TEST(a_flag_makes_no_handler_of_what_is_none),
		SUITE_TEST(what_a_program_is_told_of_its_signal_is_as_stock),
	};

	return suite_run(tests);
}
