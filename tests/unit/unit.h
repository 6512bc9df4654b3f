/* SPDX-License-Identifier: MIT */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * unit.h - every test in a process of its own: what a test does to its process, to
 * static memory or to its mounts, no other test sees, and nothing outlives it.
 *
 * One thread. A main() is unit_run(tests) and nothing else.
 */

#define UNIT_SLACK_MS INT64_C(1000) /* added to every upper bound of a time */

/* Run the tests. Returns main()'s value: 77 when something was skipped and nothing
   failed, or 1 instead of 77 with CURFEW_TEST_REQUIRE_ALL=1. */
#define unit_run(tests) unit_run_all(tests, sizeof(tests) / sizeof(*(tests)))
int unit_run_all(const struct CMUnitTest *tests, size_t count);

/* Leave this test as skipped: the machine cannot, for this reason. */
void unit_skip(const char *reason);

/* "DIRECTORY/name" in a directory of this test's own, which goes with it. The text is
   good until the eighth call after it. */
const char *unit_path(const char *name);

/* Run `body` as a test in a forked child, and fail, or skip, when it does. */
void unit_in_child(CMUnitTestFunction body, void *state);

/* The same for a child that shares this memory but has its own fd table, as after
   vfork(): this process stands still meanwhile. `body` uses no assertion. */
void unit_in_vfork_child(void (*body)(void *argument), void *argument);

/* From now on what this test mounts is its own. Skips the test when it may not. */
void unit_enter_private_mounts(void);

/* Make fd 2 a pipe and return its other end, non-blocking. The messages of the tests
   themselves go where they went before. */
int unit_hear_stderr(void);

/* Become a user without privileges, for good. Skips the test when it may not. */
void unit_drop_privileges(void);

/* Whether `is_true(argument)` comes true within `within_ms`; looks every millisecond. */
bool unit_await(bool (*is_true)(void *argument), void *argument, int64_t within_ms);

/* How many fds this process has open. */
int unit_count_fds(void);

/* Let `length_ms` pass: for fixtures that must be late. */
void unit_pass(int64_t length_ms);

/* Fails the test unless `length_ns` is from..to milliseconds, plus the slack. */
void unit_assert_took(int64_t length_ns, int64_t from_ms, int64_t to_ms);

#endif
