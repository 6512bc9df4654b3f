/* SPDX-License-Identifier: MIT */
/*
 * test_clock.c - instants.
 */
#include <errno.h>
#include <time.h>

#include "clock.h"
#include "unit.h"

static void now_is_the_monotonic_clock(void **state)
{
	struct timespec before, after;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	cf_instant now = cf_clock_now();
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(now >= before.tv_sec * 1000 * CF_MS + before.tv_nsec);
	assert_true(now <= after.tv_sec * 1000 * CF_MS + after.tv_nsec);
}

static void an_instant_lies_its_length_after_now(void **state)
{
	(void)state;
	cf_instant before = cf_clock_now();
	cf_instant instant = cf_clock_after(250 * CF_MS);
	assert_true(instant >= before + 250 * CF_MS);
	assert_true(instant <= cf_clock_now() + 250 * CF_MS);
}

static void what_is_left_shrinks_to_0_and_not_below(void **state)
{
	(void)state;
	int64_t left = cf_clock_left(cf_clock_after(60000 * CF_MS));
	assert_true(left > 0 && left <= 60000 * CF_MS);
	assert_int_equal(cf_clock_left(cf_clock_now()), 0);
	assert_int_equal(cf_clock_left(0), 0);
	assert_int_equal(cf_clock_left(INT64_MIN), 0);
}

static void never_stays_never_and_a_length_too_long_becomes_it(void **state)
{
	(void)state;
	assert_true(cf_clock_after(CF_NEVER) == CF_NEVER);
	assert_true(cf_clock_after(CF_NEVER - 1) == CF_NEVER);
	assert_true(cf_clock_left(CF_NEVER) == CF_NEVER);
	assert_true(cf_clock_left(CF_NEVER - 1) < CF_NEVER);
}

static void errno_is_left_alone(void **state)
{
	(void)state;
	errno = EDOM;
	cf_clock_left(cf_clock_after(1));
	assert_int_equal(errno, EDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(now_is_the_monotonic_clock),
		cmocka_unit_test(an_instant_lies_its_length_after_now),
		cmocka_unit_test(what_is_left_shrinks_to_0_and_not_below),
		cmocka_unit_test(never_stays_never_and_a_length_too_long_becomes_it),
		cmocka_unit_test(errno_is_left_alone),
	};

	return unit_run(tests);
}
