/* SPDX-License-Identifier: MIT */
/*
 * test_ending.c - the words of the end.
 */
#include <stdatomic.h>

#include "ending.h"
#include "raw.h"
#include "unit.h"

#define SECOND (1000 * CF_MS)

static void the_end_begins_once(void **state)
{
	(void)state;
	assert_false(cf_ending_now().is_under_way);
	assert_true(cf_ending_now().until == CF_NEVER);
	assert_true(cf_ending_begin(SECOND));
	cf_instant until = cf_ending_now().until;
	assert_true(cf_clock_left(until) > 0 && cf_clock_left(until) <= SECOND);
	assert_false(cf_ending_begin(5 * SECOND));
	assert_true(cf_ending_now().is_under_way);
	assert_true(cf_ending_now().until == until);
	assert_true(atomic_load(cf_ending_until()) == until);
}

static void the_last_status_that_is_chosen_counts(void **state)
{
	(void)state;
	cf_ending_begin(SECOND);
	assert_false(cf_ending_now().is_chosen);
	assert_int_equal(cf_ending_now().tid, 0);
	cf_ending_choose(7);
	cf_ending_choose(9);
	assert_true(cf_ending_now().is_chosen);
	assert_int_equal(cf_ending_now().status, 9);
	assert_int_equal(cf_ending_now().tid, cf_raw_call3(SYS_gettid, 0, 0, 0));
}

static void the_end_is_taken_over_once_and_not_before_it_begins(void **state)
{
	(void)state;
	assert_false(cf_ending_take_over());
	cf_ending_begin(SECOND);
	assert_false(cf_ending_is_taken_over());
	assert_true(cf_ending_take_over());
	assert_true(cf_ending_is_taken_over());
	assert_false(cf_ending_take_over());
}

static void a_forked_child_lives_on_with_its_filter_and_its_handlers(void **state)
{
	(void)state;
	cf_ending_note_confined();
	cf_ending_note_handler();
	cf_ending_begin(SECOND);
	cf_ending_choose(7);
	cf_ending_note_signal(15);
	cf_ending_after_fork();
	struct cf_ending_state now = cf_ending_now();
	assert_false(now.is_under_way || now.is_chosen);
	assert_int_equal(now.signal, 0);
	assert_true(now.until == CF_NEVER);
	assert_true(cf_ending_is_confined() && cf_ending_has_handlers());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_begins_once),
		cmocka_unit_test(the_last_status_that_is_chosen_counts),
		cmocka_unit_test(the_end_is_taken_over_once_and_not_before_it_begins),
		cmocka_unit_test(
			a_forked_child_lives_on_with_its_filter_and_its_handlers),
	};

	return unit_run(tests);
}
