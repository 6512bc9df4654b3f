/* SPDX-License-Identifier: MIT */
#ifndef SUITE_H
#define SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * suite.h - how a driver runs its tests: in a place of their own, each freed of its
 * mounts and victims afterwards, and never passed when it could not be done.
 *
 * One thread. A driver's main() is suite_run() and nothing else.
 */

/* One test, with the release of everything after it. */
#define SUITE_TEST(function)                                                             \
	cmocka_unit_test_setup_teardown(function, suite_before, suite_after)

/* Run the tests. Returns main()'s value: 77 when something was skipped and nothing
   failed, 1 instead of 77 when CURFEW_TEST_REQUIRE_ALL=1. Only those whose names match
   the pattern (* and ?) in CURFEW_TEST_ONLY, when that is set. */
#define suite_run(tests)                                                                 \
	(suite_enter() ? suite_result(cmocka_run_group_tests(tests, NULL, NULL))         \
		       : suite_result(0))

/* Leave this test as skipped, with the reason; fails it when everything is required. */
void suite_skip(const char *reason);

/* What the macros above are made of. suite_enter() is false where no test can run. */
int suite_enter(void);
int suite_before(void **state);
int suite_after(void **state);
int suite_result(int failed);

#endif
