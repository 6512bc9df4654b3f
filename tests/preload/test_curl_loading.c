/* SPDX-License-Identifier: MIT */
/*
 * test_curl_loading.c - however a process has come to libcurl, and whoever else stands
 * before its functions, its calls get there as they do stock.
 */
#include "run.h"
#include "suite.h"

#define END_MS 10000
#define PLUGIN CURFEW_TEST_PROGRAMS "/module_plugin.so"

static void assert_says(const struct run_order *order, const char *output)
{
	struct running *victim = run_start(order);

	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	assert_string_equal(run_output(victim), output);
}

/* Stock, preloaded, and preloaded but off. */
static void assert_as_stock(struct run_order order, const char *output)
{
	order.is_stock = 1;
	assert_says(&order, output);
	order.is_stock = 0;
	assert_says(&order, output);
	order.variables[order.variables[0] ? 1 : 0] = "CURFEW=off";
	assert_says(&order, output);
}

static void a_constructor_that_runs_before_ours_gets_a_handle(void **state)
{
	(void)state;
	assert_as_stock((struct run_order){ RUN_VICTIM("curl_loading"),
					    { "early" },
					    { "VICTIM_CURL=early" },
					    0 },
			"early\n");
}

/* The loader's lock is held by who waits for the thread. */
static void a_thread_can_use_libcurl_while_its_module_is_loaded(void **state)
{
	(void)state;
	assert_as_stock((struct run_order){ RUN_VICTIM("curl_loading"),
					    { "plugin", PLUGIN },
					    { "VICTIM_CURL=load" },
					    0 },
			"used load\ngone\n");
}

static void a_thread_can_use_libcurl_while_its_module_is_unloaded(void **state)
{
	(void)state;
	assert_as_stock((struct run_order){ RUN_VICTIM("curl_loading"),
					    { "plugin", PLUGIN },
					    { "VICTIM_CURL=unload" },
					    0 },
			"used unload\ngone\n");
}

static void assert_wrapped(const char *verb, const char *preload)
{
	assert_says(
		&(struct run_order){
			RUN_VICTIM("curl_loading"), { verb }, { preload }, 1 },
		"init cleanup used\n");
}

static void a_preload_before_or_behind_us_sees_what_a_program_calls(void **state)
{
	(void)state;
	assert_wrapped("program", "LD_PRELOAD=" LOADING_WRAPPER);
	assert_wrapped("program", "LD_PRELOAD=" LOADING_WRAPPER_FIRST);
	assert_wrapped("program", "LD_PRELOAD=" LOADING_WRAPPER_LAST);
}

static void a_preload_before_or_behind_us_sees_what_a_library_calls(void **state)
{
	(void)state;
	assert_wrapped("library", "LD_PRELOAD=" LOADING_WRAPPER);
	assert_wrapped("library", "LD_PRELOAD=" LOADING_WRAPPER_FIRST);
	assert_wrapped("library", "LD_PRELOAD=" LOADING_WRAPPER_LAST);
}

static void a_program_with_a_function_of_that_name_gets_the_next_one(void **state)
{
	struct run_order order = { RUN_VICTIM("curl_own"), { "own" }, { NULL }, 1 };
	struct running *stock = run_start(&order);

	(void)state;
	run_assert_ends(stock, END_MS, VICTIM_STATUS);
	assert_int_equal(stock->marks->number[2], 1);
	order.is_stock = 0;
	for (int i = 0; i < 2; i++) {
		struct running *victim = run_start(&order);

		run_assert_ends(victim, END_MS, VICTIM_STATUS);
		assert_int_equal(victim->marks->number[0], 0);
		assert_int_equal(victim->marks->number[1], stock->marks->number[1]);
		assert_int_equal(victim->marks->number[2], 1);
		order.variables[0] = "CURFEW=off";
	}
}

static void a_message_that_dlerror_has_pending_survives(void **state)
{
	(void)state;
	assert_as_stock(
		(struct run_order){
			RUN_VICTIM("curl_loading"), { "dlerror" }, { NULL }, 0 },
		"message\n");
}

#ifndef CURFEW_TEST_SANITIZED /* a runtime has locks of its own */
static void children_of_a_fork_while_a_thread_loads_can_use_libcurl(void **state)
{
	(void)state;
	assert_as_stock((struct run_order){ RUN_VICTIM("curl_loading"),
					    { "children",
					      CURFEW_TEST_PROGRAMS "/module_deep.so" },
					    { NULL },
					    0 },
			"0 lost\n");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_constructor_that_runs_before_ours_gets_a_handle),
		SUITE_TEST(a_thread_can_use_libcurl_while_its_module_is_loaded),
		SUITE_TEST(a_thread_can_use_libcurl_while_its_module_is_unloaded),
		SUITE_TEST(a_preload_before_or_behind_us_sees_what_a_program_calls),
		SUITE_TEST(a_preload_before_or_behind_us_sees_what_a_library_calls),
		SUITE_TEST(a_program_with_a_function_of_that_name_gets_the_next_one),
		SUITE_TEST(a_message_that_dlerror_has_pending_survives),
#ifndef CURFEW_TEST_SANITIZED
		SUITE_TEST(children_of_a_fork_while_a_thread_loads_can_use_libcurl),
#endif
	};

	return suite_run(tests);
}
