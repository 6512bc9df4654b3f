/* SPDX-License-Identifier: MIT */
/*
 * test_dl.c - programs that fetch functions by name get what they ask for, and dlopen() works
 * as for the one who calls it.
 */
#include "run.h"
#include "suite.h"

#define END_MS 10000
#define MARKER CURFEW_TEST_PROGRAMS "/library_marker.so"
#define ORIGIN CURFEW_TEST_PROGRAMS "/module_origin.so"
#define DEEP   CURFEW_TEST_PROGRAMS "/module_deep.so"

static void assert_says(struct run_order order, const char *output)
{
	struct running *victim = run_start(&order);

	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	assert_string_equal(run_output(victim), output);
}

/* Stock, preloaded, and preloaded but off. */
static void assert_as_stock(const char *verb, const char *path, const char *output)
{
	struct run_order order = { .program = RUN_VICTIM("dl"),
				   .arguments = { verb, path },
				   .is_stock = 1 };

	assert_says(order, output);
	order.is_stock = 0;
	assert_says(order, output);
	order.variables[0] = "CURFEW=off";
	assert_says(order, output);
}

static void each_function_that_is_fetched_is_that_of_its_library(void **state)
{
	(void)state;
	assert_as_stock("all", MARKER, "all\n");
}

static void where_there_is_no_libcurl_none_is_found(void **state)
{
	(void)state;
	assert_as_stock(
		"none", NULL,
		"default: undefined program: undefined libc: undefined no more\n");
}

#ifndef CURFEW_TEST_SANITIZED /* its runtime stands between, and asks before it has begun */
static void another_preload_answers_as_well_before_us_and_behind_us(void **state)
{
	static const char *const preloads[] = { "LD_PRELOAD=" DL_WRAPPER,
						"LD_PRELOAD=" DL_WRAPPER_FIRST,
						"LD_PRELOAD=" DL_WRAPPER_LAST };

	(void)state;
	assert_as_stock("wrapped", NULL, "unknown\n");
	for (size_t i = 0; i < sizeof(preloads) / sizeof(*preloads); i++)
		assert_says(
			(struct run_order){
				RUN_VICTIM("dl"), { "wrapped" }, { preloads[i] }, 1 },
			"known\n");
}

static void dlopen_and_dlsym_see_their_caller(void **state)
{
	(void)state;
	assert_as_stock("origin", ORIGIN, "found not found not itself\n");
}

static void another_namespace_keeps_its_own(void **state)
{
	(void)state;
	assert_as_stock("space", MARKER, "its own\n");
}

static void deepbind_is_cleared_unless_it_is_to_be_kept(void **state)
{
	struct run_order order = { .program = RUN_VICTIM("dl"),
				   .arguments = { "deep", DEEP },
				   .is_stock = 1 };

	(void)state;
	assert_says(order, "module\n");
	order.is_stock = 0;
	assert_says(order, "program\n");
	order.variables[0] = "CURFEW_KEEP_DEEPBIND=1";
	assert_says(order, "module\n");
	order.variables[0] = "CURFEW=off";
	assert_says(order, "module\n");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(each_function_that_is_fetched_is_that_of_its_library),
		SUITE_TEST(where_there_is_no_libcurl_none_is_found),
#ifndef CURFEW_TEST_SANITIZED
		SUITE_TEST(another_preload_answers_as_well_before_us_and_behind_us),
		SUITE_TEST(dlopen_and_dlsym_see_their_caller),
		SUITE_TEST(another_namespace_keeps_its_own),
		SUITE_TEST(deepbind_is_cleared_unless_it_is_to_be_kept),
#endif
	};

	return suite_run(tests);
}
