/* SPDX-License-Identifier: MIT */
/*
 * test_remapping.c - mapping.h once more: what is put over known mappings, and what is moved.
 */
#include <errno.h>
#include <sys/mman.h>

#include "mapping.h"
#include "pages.h"
#include "parked_ranges.h"
#include "unit.h"

/* MAP_FIXED, of memory. */
static void *map_over(int from, int end)
{
	errno = EDOM;
	return cf_mapping_map(pages_page(from), (uintptr_t)(end - from) * PAGES_BYTES,
			      PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void *move(int from, int length, int new_length, int flags, int to)
{
	errno = EDOM;
	return cf_mapping_move(pages_page(from), (uintptr_t)length * PAGES_BYTES,
			       (uintptr_t)new_length * PAGES_BYTES, flags,
			       flags & MREMAP_FIXED ? pages_page(to) : NULL);
}

static void pages_of_a_file_are_written_back_before_others_take_their_place(void **state)
{
	const struct pages_order *order = &pages.orders[0];

	(void)state;
	pages_know(2, 6, CF_RANGE_FILE);
	pages_page(3)[0] = 'd';
	assert_ptr_equal(map_over(1, 4), pages_page(1));
	assert_int_equal(errno, EDOM);
	assert_int_equal(pages.hands, 1);
	assert_int_equal(order->kind, CF_ERRAND_WRITE_BACK);
	assert_int_equal(order->pages.start, (uintptr_t)pages_page(2));
	assert_int_equal(order->pages.length, 2 * PAGES_BYTES);
	assert_true(order->was_known && order->was_inherited);
	assert_int_equal(pages_page(3)[0], 0);
	assert_false(pages_is_known(2) || pages_is_known(3));
	assert_true(pages_is_known(4));
	assert_int_equal(pages.reports, 0);
}

static void assert_refused(void *result)
{
	assert_ptr_equal(result, MAP_FAILED);
	assert_int_equal(errno, ENOMEM);
}

static void what_cannot_be_written_back_refuses_and_changes_nothing(void **state)
{
	(void)state;
	pages_know(2, 6, CF_RANGE_FILE);
	pages_page(3)[0] = 'd';
	pages.outcome.ending = CF_EXPIRED;
	assert_refused(map_over(1, 4));
	assert_int_equal(pages_page(3)[0], 'd');
	assert_true(pages_is_known(2) && pages_is_known(5));
	assert_int_equal(pages.reports, 1);
	assert_string_equal(pages.event.call, "mmap");
	assert_int_equal(pages.event.ending, CF_EVENT_EXPIRED);
	assert_int_equal(pages.event.result, -ENOMEM);
	pages.outcome.ending = CF_NO_HAND; /* then it is the plain call */
	assert_ptr_equal(map_over(1, 4), pages_page(1));
}

static void a_refused_call_has_unmapped_no_device_either(void **state)
{
	(void)state;
	pages_know(1, 2, CF_RANGE_DEVICE);
	pages_know(2, 3, CF_RANGE_FILE);
	pages.outcome.ending = CF_EXPIRED;
	assert_refused(map_over(1, 3));
	assert_true(pages_is_there(1) && pages_is_known(1));
}

static void what_takes_the_place_of_a_device_is_the_plain_call(void **state)
{
	(void)state;
	pages_know(1, 2, CF_RANGE_DEVICE);
	assert_ptr_equal(map_over(1, 2), pages_page(1));
	assert_true(pages_is_there(1));
	assert_false(pages_is_known(1));
	assert_int_equal(pages.hands + pages.munmaps, 0); /* nobody else gets in */
}

static void what_is_parked_is_waited_for_until_the_deadline(void **state)
{
	(void)state;
	pages.policy.deadline_ns[CF_CLASS_MMAP] = 50 * CF_MS;
	struct cf_parked_range *range = pages_park(1, 2, false);
	cf_instant began = cf_clock_now();
	assert_refused(map_over(1, 2));
	unit_assert_took(cf_clock_now() - began, 50, 60);
	cf_parked_ranges_drop(range);
	assert_ptr_equal(map_over(1, 2), pages_page(1));
}

/* Else the hand would unmap what the program has put there. */
static void what_is_parked_below_a_known_mapping_is_waited_for_too(void **state)
{
	(void)state;
	pages.policy.deadline_ns[CF_CLASS_MMAP] = 50 * CF_MS;
	pages_park(1, 2, false);
	pages_know(2, 3, CF_RANGE_FILE);
	assert_refused(map_over(1, 3));
}

static void beside_known_mappings_it_is_the_plain_call(void **state)
{
	(void)state;
	pages_know(2, 4, CF_RANGE_FILE);
	pages_park(6, 7, false);
	assert_ptr_equal(map_over(4, 6), pages_page(4));
	pages.outcome.ending = CF_EXPIRED;
	assert_true(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		    MAP_FAILED);
	assert_int_equal(pages.hands, 0);
	assert_true(pages_is_known(3));
}

static void in_observe_mode_nothing_is_written_back(void **state)
{
	(void)state;
	pages.policy.mode = CF_MODE_OBSERVE;
	pages_know(1, 2, CF_RANGE_FILE);
	assert_ptr_equal(map_over(1, 2), pages_page(1));
	assert_int_equal(pages.hands, 0);
	assert_false(pages_is_known(1));
}

static void what_shrinks_has_its_end_written_back_and_forgotten(void **state)
{
	(void)state;
	pages_know(1, 5, CF_RANGE_FILE);
	assert_ptr_equal(move(1, 4, 2, 0, 0), pages_page(1));
	assert_int_equal(pages.hands, 1);
	assert_int_equal(pages.orders[0].kind, CF_ERRAND_WRITE_BACK);
	assert_int_equal(pages.orders[0].pages.start, (uintptr_t)pages_page(3));
	assert_true(pages_is_known(2));
	assert_false(pages_is_known(3) || pages_is_there(3));
	pages.outcome.ending = CF_EXPIRED;
	assert_refused(move(1, 2, 1, 0, 0));
	assert_string_equal(pages.event.call, "mremap");
	assert_true(pages_is_known(2) && pages_is_there(2));
}

static void what_is_moved_is_written_back_and_known_where_it_is_then(void **state)
{
	(void)state;
	pages_know(1, 3, CF_RANGE_FILE);
	pages_know(8, 9, CF_RANGE_FILE);
	assert_ptr_equal(move(1, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, 8), pages_page(8));
	assert_int_equal(errno, EDOM);
	assert_int_equal(pages.hands, 2); /* what was there, and what comes */
	assert_false(pages_is_known(1) || pages_is_there(1));
	assert_true(pages_is_known(8) && pages_is_known(9));
	pages.outcome.ending = CF_EXPIRED;
	assert_refused(move(8, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, 12));
	assert_true(pages_is_known(8) && pages_is_there(9));
}

static void what_grows_and_may_move_is_written_back(void **state)
{
	(void)state;
	pages_know(1, 3, CF_RANGE_FILE);
	assert_int_equal(munmap(pages_page(3), 4096), 0);
	char *at = move(1, 2, 3, MREMAP_MAYMOVE, 0);
	assert_true(at != MAP_FAILED);
	assert_int_equal(pages.hands, 1);
	struct cf_range piece;
	assert_true(cf_ranges_find((uintptr_t)at, UINTPTR_MAX, &piece));
	assert_int_equal(piece.end - piece.start, 3 * PAGES_BYTES);
}

static void what_may_not_move_is_not_written_back(void **state)
{
	(void)state;
	pages_know(1, 3, CF_RANGE_FILE);
	assert_int_equal(munmap(pages_page(3), 4096), 0);
	pages.outcome.ending = CF_EXPIRED;
	move(1, 2, 3, 0, 0);
	move(1, 2, 2, MREMAP_MAYMOVE, 0);
	assert_int_equal(pages.hands, 0);
}

/* No munmap of anything that stays. */
static void assert_stays_mapped(enum cf_range_kind kind)
{
	pages_know(1, 3, kind);
	pages_page(1)[0] = 'd';
	assert_ptr_equal(move(1, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, 8), pages_page(8));
	assert_int_equal(pages_page(8)[0], 'd');
	assert_true(pages_is_known(8) && pages_is_known(9));
	assert_false(pages_is_known(1));
}

static void a_device_that_is_moved_stays_mapped(void **state)
{
	(void)state;
	assert_stays_mapped(CF_RANGE_DEVICE);
}

static void what_is_watched_stays_mapped_when_it_is_moved(void **state)
{
	(void)state;
	assert_stays_mapped(CF_RANGE_WATCHED);
}

static void what_is_watched_stays_mapped_when_it_grows(void **state)
{
	(void)state;
	pages_know(1, 3, CF_RANGE_WATCHED);
	pages_page(1)[0] = 'd';
	char *at = move(1, 2, 20, MREMAP_MAYMOVE, 0);
	assert_true(at != MAP_FAILED);
	assert_int_equal(at[0], 'd');
}

static void what_is_parked_is_nothing_to_move(void **state)
{
	(void)state;
	pages_park(1, 2, false);
	assert_ptr_equal(move(1, 1, 2, MREMAP_MAYMOVE, 0), MAP_FAILED);
	assert_int_equal(errno, EFAULT);
	assert_ptr_equal(move(0, 2, 1, 0, 0), MAP_FAILED);
	assert_int_equal(errno, EFAULT);
	assert_true(pages_is_there(1));
}

static void nothing_is_moved_onto_what_is_parked(void **state)
{
	(void)state;
	pages.policy.deadline_ns[CF_CLASS_MMAP] = 50 * CF_MS;
	pages_park(8, 9, false);
	assert_refused(move(1, 1, 1, MREMAP_MAYMOVE | MREMAP_FIXED, 8));
	assert_true(pages_is_there(1) && pages_is_there(8));
}

#define MAPPING_TEST(function) cmocka_unit_test_setup(function, pages_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MAPPING_TEST(
			pages_of_a_file_are_written_back_before_others_take_their_place),
		MAPPING_TEST(what_cannot_be_written_back_refuses_and_changes_nothing),
		MAPPING_TEST(a_refused_call_has_unmapped_no_device_either),
		MAPPING_TEST(what_takes_the_place_of_a_device_is_the_plain_call),
		MAPPING_TEST(what_is_parked_is_waited_for_until_the_deadline),
		MAPPING_TEST(what_is_parked_below_a_known_mapping_is_waited_for_too),
		MAPPING_TEST(beside_known_mappings_it_is_the_plain_call),
		MAPPING_TEST(in_observe_mode_nothing_is_written_back),
		MAPPING_TEST(what_shrinks_has_its_end_written_back_and_forgotten),
		MAPPING_TEST(what_is_moved_is_written_back_and_known_where_it_is_then),
		MAPPING_TEST(what_grows_and_may_move_is_written_back),
		MAPPING_TEST(what_may_not_move_is_not_written_back),
		MAPPING_TEST(a_device_that_is_moved_stays_mapped),
		MAPPING_TEST(what_is_watched_stays_mapped_when_it_is_moved),
		MAPPING_TEST(what_is_watched_stays_mapped_when_it_grows),
		MAPPING_TEST(what_is_parked_is_nothing_to_move),
		MAPPING_TEST(nothing_is_moved_onto_what_is_parked),
	};

	return unit_run(tests);
}
