/* SPDX-License-Identifier: MIT */
/*
 * test_exit_order.c - the end of a program that does not hang is what it was: the same
 * order, the same output, the same status, and nobody besides.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"
#include "suite.h"
#include "trace.h"

#define REAP_MS	   10000
#define TEXT_BYTES 65537
#define NOTHING	   CURFEW_TEST_PROGRAMS "/program_nothing"

static struct running *run(const char *verb, int status, int is_stock)
{
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("order"),
		.arguments = { verb, scratch_path("other"), "", "a b" },
		.is_stock = is_stock });

	run_assert_ends(victim, REAP_MS, status);
	return victim;
}

static void assert_empty(const char *path)
{
	char *text = scratch_text(path);

	assert_string_equal(text, "");
	free(text);
}

/* The same output; returns it, for what is worth being said of stock. */
static const char *assert_as_stock(const char *verb, int status)
{
	static char stock[TEXT_BYTES];

	snprintf(stock, sizeof(stock), "%s", run_output(run(verb, status, 1)));
	struct running *victim = run(verb, status, 0);
	assert_string_equal(run_output(victim), stock);
	assert_empty(victim->errors);
	assert_empty(victim->events);
	return stock;
}

/* In this order; so that stock is what we take it for. */
static void assert_said(const char *said, const char *const *parts)
{
	for (const char *at = said; *parts; parts++) {
		at = strstr(at, *parts);
		if (!at)
			fail_msg("no \"%s\" there in: %s", *parts, said);
	}
}

static void handlers_and_destructors_keep_their_order(void **state)
{
	static const char *const order[] = { "registered second",
					     "registered in a handler",
					     "on_exit with 3, argument",
					     "registered first, same thread",
					     "destructor of 65000, same thread",
					     "destructor of 101, same thread",
					     NULL };

	(void)state;
	assert_said(assert_as_stock("handlers", 3), order);
	assert_said(assert_as_stock("wide", 263 & 255),
		    (const char *const[]){ "on_exit with 263", NULL });
}

static void objects_are_destroyed_in_their_order(void **state)
{
	static const char *const order[] = {
		"destroyed: of a thread", "destroyed: local static", "registered first",
		"destroyed: global",	  "destructor of 65000",     NULL
	};

	(void)state;
	assert_said(assert_as_stock("objects", 1), order);
	assert_said(assert_as_stock("thread_objects", 6),
		    (const char *const[]){ "destroyed: of a thread",
					   "registered first, same thread", NULL });
}

#ifndef CURFEW_TEST_THREAD_SANITIZED /* whose runtime then never ends, by itself */
static void when_main_leaves_alone_the_others_go_on(void **state)
{
	static const char *const gone[] = { "main is gone", "on_exit with", NULL };

	(void)state;
	assert_said(assert_as_stock("main_exits", 5), gone);
	assert_said(assert_as_stock("main_returns", 0), gone);
}
#endif

static void buffers_are_written_after_the_last_destructor(void **state)
{
	static const char *const order[] = { "directly, from a handler",
					     "directly, from the last destructor",
					     "from main",
					     "the other FILE: 0",
					     "destructor of 101",
					     NULL };

	(void)state;
	assert_said(assert_as_stock("buffers", 0), order);
	char *other = scratch_text(scratch_path("other"));
	assert_string_equal(other, "other\n");
	free(other);
}

static void who_ends_within_its_end_has_that_status(void **state)
{
	(void)state;
	assert_said(assert_as_stock("exit_inside", 9),
		    (const char *const[]){ "calls exit", "on_exit with 9",
					   "registered first", "destructor", NULL });
	/* A runtime of a sanitizer may write stdio's buffers then. */
	assert_said(assert_as_stock("_exit_inside", 9),
		    (const char *const[]){ "directly", NULL });
	assert_said(assert_as_stock("signal", 6),
		    (const char *const[]){ "before", "on_exit with 6", NULL });
	const char *aborted = assert_as_stock("aborts", RUN_SIGNALLED + SIGABRT);
#ifndef CURFEW_TEST_THREAD_SANITIZED
	assert_string_equal(aborted, "");
#else
	(void)aborted;
#endif
}

static void quick_exit_runs_its_own_handlers_alone(void **state)
{
	static const char quick[] = "quick, registered second\nquick, registered first\n";

	(void)state;
	assert_string_equal(assert_as_stock("quick", 3), quick);
	assert_said(assert_as_stock("quick_inside", 9),
		    (const char *const[]){ quick, "directly", NULL });
}

static void children_end_for_themselves(void **state)
{
	(void)state;
	assert_said(assert_as_stock("vfork", 3),
		    (const char *const[]){ "before", "status 3", "status 127",
					   "registered first", NULL });
	assert_said(assert_as_stock("fork", 4),
		    (const char *const[]){ "before", "on_exit with 3", "before",
					   "status 3", "on_exit with 4", NULL });
	assert_said(assert_as_stock("spawn", 3),
		    (const char *const[]){ "on_exit with 3", "status 3", NULL });
}

static void main_is_given_what_it_was_given(void **state)
{
	(void)state;
	assert_said(assert_as_stock("arguments", 3),
		    (const char *const[]){ "5 arguments, ended, one environment, called "
					   "victim_order\n",
					   "argument \n", "argument a b\n", "variable ",
					   NULL });
}

static void a_constructor_may_end_the_program(void **state)
{
	(void)state;
	assert_said(assert_as_stock("constructor", 4),
		    (const char *const[]){ "constructor", "on_exit with 4",
					   "destructor of 101", NULL });
}

static void a_handler_finds_errno_mask_and_numbers_as_they_were(void **state)
{
	(void)state;
	assert_said(assert_as_stock("state", 3),
		    (const char *const[]){ "handler: errno 33, next number 3, SIGUSR1 1, "
					   "SIGTERM 0",
					   "destructor: errno", NULL });
}

#ifndef CURFEW_TEST_SANITIZED /* whose runtime has handlers of its own */
static int tasks_made(const char *first, const char *second)
{
	static const char *const names[] = { "clone(", "clone3(", "fork(", "vfork(" };
	static int number;
	char name[32];
	int count = 0;

	snprintf(name, sizeof(name), "tasks-%d", number++);
	const char *log = scratch_path(name);
	run_assert_ends(run_start(&(struct run_order){
				.program = TRACE_STRACE,
				.arguments = { "-f", "-o", log, "-E", run_preload(),
					       NOTHING, first, second },
				.is_stock = 1 }),
			REAP_MS, 0);
	char *text = scratch_text(log);
	assert_non_null(strstr(text, "exit_group("));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (const char *at = text; (at = strstr(at, names[i])); at++)
			count += at[-1] == ' '; /* which the pid ends with */
	}
	free(text);
	return count;
}

static void who_has_nothing_to_wait_for_gets_no_company(void **state)
{
	const char *local = scratch_path("local");

	(void)state;
	if (access(TRACE_STRACE, X_OK) != 0)
		suite_skip("no " TRACE_STRACE);
	scratch_put(local, "text\n");
	assert_int_equal(tasks_made(NULL, NULL), 0);
	assert_int_equal(tasks_made(local, NULL), 0);
	assert_in_range(tasks_made(local, local), 0, 1);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(handlers_and_destructors_keep_their_order),
		SUITE_TEST(objects_are_destroyed_in_their_order),
#ifndef CURFEW_TEST_THREAD_SANITIZED
		SUITE_TEST(when_main_leaves_alone_the_others_go_on),
#endif
		SUITE_TEST(buffers_are_written_after_the_last_destructor),
		SUITE_TEST(who_ends_within_its_end_has_that_status),
		SUITE_TEST(quick_exit_runs_its_own_handlers_alone),
		SUITE_TEST(children_end_for_themselves),
		SUITE_TEST(main_is_given_what_it_was_given),
		SUITE_TEST(a_constructor_may_end_the_program),
		SUITE_TEST(a_handler_finds_errno_mask_and_numbers_as_they_were),
#ifndef CURFEW_TEST_SANITIZED
		SUITE_TEST(who_has_nothing_to_wait_for_gets_no_company),
#endif
	};

	return suite_run(tests);
}
