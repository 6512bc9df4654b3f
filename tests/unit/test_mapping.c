/* SPDX-License-Identifier: MIT */
/*
 * test_mapping.c - the story of a mapping from its birth to its munmap.
 */
#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mapped.h"
#include "pages.h"
#include "parked_ranges.h"
#include "refusal.h"
#include "unit.h"
#include "unmapping.h"

static void what_is_of_no_interest_is_known_by_its_flags(void **state)
{
	(void)state;
	assert_true(cf_mapping_is_plain(MAP_PRIVATE | MAP_ANONYMOUS));
	assert_true(cf_mapping_is_plain(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
	assert_false(cf_mapping_is_plain(MAP_SHARED));
	assert_false(cf_mapping_is_plain(MAP_PRIVATE | MAP_FIXED));
	assert_false(cf_mapped_is_any_known());
	pages_know(1, 2, CF_RANGE_FILE);
	assert_true(cf_mapped_is_any_known());
	assert_true(cf_mapping_is_plain(MAP_PRIVATE | MAP_ANONYMOUS));
	assert_false(cf_mapping_is_plain(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
	cf_ranges_forget(0, UINTPTR_MAX);
	pages_park(1, 2, false);
	assert_true(cf_mapped_is_any_known());
	assert_false(cf_mapping_is_plain(MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED));
}

static void *map_file(void *at, int flags)
{
	int fd = open(unit_path("file"), O_RDWR | O_CREAT, 0600);

	assert_int_equal(ftruncate(fd, 3 * 4096), 0);
	errno = EDOM;
	return cf_mapping_map(at, 3 * 4096 - 1, PROT_READ, MAP_SHARED | flags, fd, 0);
}

static void a_risky_mapping_is_noted_at_its_birth_in_whole_pages(void **state)
{
	struct cf_range range;

	(void)state;
	void *at = map_file(NULL, 0);
	assert_true(at != MAP_FAILED);
	assert_false(cf_ranges_any());
	pages.is_risky = true;
	at = map_file(NULL, 0);
	assert_true(at != MAP_FAILED);
	assert_int_equal(errno, EDOM);
	assert_true(cf_ranges_find(0, UINTPTR_MAX, &range));
	assert_int_equal(range.start, (uintptr_t)at);
	assert_int_equal(range.end, (uintptr_t)at + 3 * 4096);
	assert_ptr_equal(range.mount, &pages.mount);
	assert_string_equal(range.name, "/mnt/s3/file");
	assert_int_equal(pages.hands, 0);
}

static void what_could_not_be_mapped_is_not_noted(void **state)
{
	(void)state;
	pages.is_risky = true;
	errno = EDOM;
	assert_ptr_equal(cf_mapping_map(NULL, 4096, PROT_READ, MAP_SHARED, -1, 0),
			 MAP_FAILED);
	assert_int_equal(errno, EBADF);
	assert_false(cf_ranges_any());
}

static void a_file_is_written_back_and_unmapped_by_a_hand(void **state)
{
	const struct pages_order *order = &pages.orders[0];

	(void)state;
	pages_know(2, 5, CF_RANGE_FILE);
	pages.outcome.waited_ns = 7 * CF_MS;
	pages_unmap(2, 5, 0, EDOM);
	assert_int_equal(pages.hands, 1);
	assert_int_equal(order->kind, CF_ERRAND_UNMAP);
	assert_int_equal(order->pages.start, (uintptr_t)pages_page(2));
	assert_int_equal(order->pages.length, 3 * PAGES_BYTES);
	assert_int_equal(order->pages.fd, 42);
	assert_ptr_equal(order->mount, &pages.mount);
	assert_int_equal(order->deadline_ns, pages.policy.deadline_ns[CF_CLASS_MMAP]);
	assert_true(order->left_ns > 0 && order->left_ns <= order->deadline_ns);
	assert_false(order->was_known); /* whoever takes it out owns it */
	assert_false(order->was_inherited);
	assert_true(pages_is_there(1) && pages_is_there(5));
	assert_false(pages_is_there(2) || pages_is_there(4));
	assert_false(cf_mapped_is_any_known());
	assert_int_equal(pages.munmaps + pages.watches, 0);
	assert_int_equal(pages.event.ending, CF_EVENT_FINISHED);
	assert_int_equal(pages.event.waited_ns, 7 * CF_MS);
}

static void what_is_not_done_in_time_is_parked_and_the_program_is_told_0(void **state)
{
	static const enum cf_ending endings[] = { CF_EXPIRED, CF_PARKED };

	(void)state;
	for (int i = 0; i < 2; i++) {
		pages_know(i, i + 1, CF_RANGE_FILE);
		pages.outcome.ending = endings[i];
		pages_unmap(i, i + 1, 0, EDOM);
		assert_int_equal(pages.reports, i + 1);
		assert_int_equal(pages.event.ending, CF_EVENT_PARKED);
		assert_int_equal(pages.event.result, 0);
		assert_true(pages_is_there(i));
		assert_false(pages_is_known(i));
		assert_true(cf_parked_ranges_any());
	}
	pages_unmap(0, 2, 0, EDOM); /* to the program nothing is mapped there */
	assert_int_equal(pages.hands, 2);
	assert_true(pages_is_there(0) && pages_is_there(1));
}

static void an_event_tells_what_was_unmapped(void **state)
{
	static const char *const types[] = { "fuse.s3fs", "device", "userfaultfd" };

	(void)state;
	for (int kind = CF_RANGE_FILE; kind <= CF_RANGE_WATCHED; kind++) {
		pages_know(kind, kind + 1, (enum cf_range_kind)kind);
		pages_unmap(kind, kind + 1, 0, EDOM);
		assert_string_equal(pages.event.call, "munmap");
		assert_string_equal(pages.event.class, "mmap");
		assert_true(pages.event.is_address);
		assert_ptr_equal(pages.event.address, pages_page(kind));
		assert_string_equal(pages.event.type, types[kind]);
		assert_string_equal(pages.event.mount,
				    kind == CF_RANGE_FILE ? "/mnt/s3" : "");
		assert_false(pages.event.is_observed);
	}
}

static void devices_and_what_is_watched_are_only_unmapped_by_a_hand(void **state)
{
	(void)state;
	for (int kind = CF_RANGE_DEVICE; kind <= CF_RANGE_WATCHED; kind++) {
		const struct pages_order *order = &pages.orders[pages.hands];

		pages_know(kind, kind + 1, (enum cf_range_kind)kind);
		pages.outcome.ending = CF_EXPIRED;
		pages_unmap(kind, kind + 1, 0, EDOM);
		assert_int_equal(order->kind, CF_ERRAND_CALL);
		assert_int_equal(order->call.number, SYS_munmap);
		assert_int_equal(order->call.argument[0], (long)pages_page(kind));
		assert_int_equal(order->call.argument[1], PAGES_BYTES);
		assert_null(order->mount);
		assert_false(order->was_known);
		assert_int_equal(pages.event.ending, CF_EVENT_EXPIRED);
		assert_false(cf_mapped_is_any_known());
	}
}

static void a_slow_munmap_is_watched_by_an_undertaker(void **state)
{
	(void)state;
	pages.is_slow = true;
	pages_know(1, 2, CF_RANGE_FILE);
	pages_unmap(1, 2, 0, EDOM);
	assert_int_equal(pages.watches, 1);
}

static void law_1_without_a_hand_it_is_the_plain_munmap(void **state)
{
	(void)state;
	pages.outcome.ending = CF_NO_HAND;
	pages_know(1, 2, CF_RANGE_FILE);
	pages_know(2, 3, CF_RANGE_DEVICE);
	pages_unmap(1, 3, 0, EDOM);
	assert_int_equal(pages.munmaps, 2);
	assert_false(pages_is_there(1) || pages_is_there(2));
	assert_false(cf_mapped_is_any_known());
}

static void with_no_memory_to_park_a_range_it_is_the_plain_munmap(void **state)
{
	(void)state;
	pages_know(1, 2, CF_RANGE_FILE);
	for (uintptr_t i = 0; i < 256; i++) /* for so many there is room */
		cf_parked_ranges_add(&(struct cf_write_back){ i, 1, -1, { 0 } }, NULL);
	refusal_of_memory();
	pages_unmap(1, 2, 0, EDOM);
	refusal_ends();
	assert_int_equal(pages.hands, 0);
	assert_int_equal(pages.munmaps, 1);
	assert_false(pages_is_there(1));
}

static void what_the_kernel_refuses_stays_known_and_is_inherited_again(void **state)
{
	(void)state;
	pages.outcome.result = -ENOMEM;
	pages_know(1, 3, CF_RANGE_FILE);
	pages_unmap(1, 3, -1, ENOMEM);
	assert_int_equal(pages.event.result, -ENOMEM);
	assert_true(pages_is_there(1) && pages_is_known(1) && pages_is_known(2));
	assert_true(pages_is_inherited(1) && pages_is_inherited(2));
	pages.outcome.result = 0;
	pages_unmap(1, 2, 0, EDOM);
	pages_unmap(2, 3, 0, EDOM);
	assert_false(pages_is_there(1) || pages_is_there(2));
}

static void a_plain_munmap_that_failed_leaves_the_mapping_known(void **state)
{
	(void)state;
	pages.munmap_error = ENOMEM;
	pages_know(1, 2, CF_RANGE_FILE);
	pages.outcome.ending = CF_NO_HAND;
	pages_unmap(1, 2, -1, ENOMEM);
	assert_true(pages_is_known(1));
}

static void an_observed_munmap_that_failed_leaves_the_mapping_known(void **state)
{
	(void)state;
	pages.munmap_error = ENOMEM;
	pages.policy.mode = CF_MODE_OBSERVE;
	pages_know(1, 2, CF_RANGE_FILE);
	pages_unmap(1, 2, -1, ENOMEM);
	assert_true(pages_is_known(1));
}

static void what_lies_between_goes_too_and_the_rest_of_a_piece_stays(void **state)
{
	(void)state;
	pages_know(1, 4, CF_RANGE_FILE);
	pages_know(6, 7, CF_RANGE_DEVICE);
	pages_know(9, 12, CF_RANGE_FILE);
	pages_unmap(3, 10, 0, EDOM);
	assert_int_equal(pages.hands, 3);
	assert_int_equal(pages.orders[0].pages.start, (uintptr_t)pages_page(3));
	assert_int_equal(pages.orders[2].pages.length, PAGES_BYTES);
	for (int page = 0; page < PAGES_COUNT; page++) {
		bool is_gone = page >= 3 && page < 10;

		assert_int_equal(pages_is_there(page), !is_gone);
		assert_int_equal(pages_is_known(page),
				 page == 1 || page == 2 || page == 10 || page == 11);
	}
}

static void what_is_parked_is_left_alone_and_what_lies_around_goes(void **state)
{
	(void)state;
	pages_park(2, 4, false);
	pages_park(6, 7, false);
	pages_know(8, 9, CF_RANGE_FILE);
	pages_park(9, 10, false);
	pages_unmap(1, 12, 0, EDOM);
	for (int page = 0; page < PAGES_COUNT; page++) {
		bool is_parked = page == 2 || page == 3 || page == 6 || page == 9;

		assert_int_equal(pages_is_there(page),
				 is_parked || page < 1 || page >= 12);
	}
	assert_int_equal(pages.hands, 1);
}

static void *end_munmap_a_little_later(void *range)
{
	unit_pass(50);
	munmap(pages_page(2), PAGES_BYTES);
	cf_parked_ranges_drop(range);
	return NULL;
}

static void a_range_that_is_going_is_waited_for(void **state)
{
	struct cf_parked_range *range = pages_park(2, 3, true);
	pthread_t thread;

	(void)state;
	pages.policy.deadline_ns[CF_CLASS_MMAP] = 5000 * CF_MS;
	pthread_create(&thread, NULL, end_munmap_a_little_later, range);
	pages_unmap(1, 4, 0, EDOM);
	assert_false(cf_parked_ranges_any());
	assert_false(pages_is_there(1) || pages_is_there(2) || pages_is_there(3));
	pthread_join(thread, NULL);
}

static void observe_never_cuts_and_says_what_enforce_would(void **state)
{
	(void)state;
	pages.policy.mode = CF_MODE_OBSERVE;
	pages_know(1, 3, CF_RANGE_FILE);
	pages_unmap(1, 2, 0, EDOM);
	assert_int_equal(pages.reports, 1);
	assert_int_equal(pages.event.ending, CF_EVENT_FINISHED);
	assert_false(pages.event.is_observed);
	pages.policy.deadline_ns[CF_CLASS_MMAP] = 0; /* any time is too long */
	pages_unmap(2, 3, 0, EDOM);
	assert_int_equal(pages.event.ending, CF_EVENT_PARKED);
	assert_true(pages.event.is_observed);
	pages_know(3, 4, CF_RANGE_DEVICE);
	pages_unmap(3, 4, 0, EDOM);
	assert_int_equal(pages.event.ending, CF_EVENT_EXPIRED);
	assert_int_equal(pages.hands, 0);
	assert_false(pages_is_there(1) || pages_is_there(2) || pages_is_there(3));
}

static void without_a_deadline_it_is_the_plain_munmap(void **state)
{
	(void)state;
	pages.policy.deadline_ns[CF_CLASS_MMAP] = CF_NEVER;
	pages_know(1, 3, CF_RANGE_FILE);
	pages_unmap(1, 3, 0, EDOM);
	assert_int_equal(pages.hands + pages.reports, 0);
	assert_false(pages_is_there(1) || pages_is_known(1));
}

static void what_the_kernel_will_refuse_is_left_to_it(void **state)
{
	(void)state;
	pages_know(1, 3, CF_RANGE_FILE);
	errno = EDOM;
	assert_int_equal(cf_unmapping_run(pages_page(1) + 1, 4096), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(cf_unmapping_run(pages_page(1), 0), -1);
	assert_int_equal(cf_unmapping_run(pages_page(1), SIZE_MAX - 10), -1);
	assert_true(pages_is_known(1) && pages_is_there(1));
	assert_int_equal(pages.hands, 0);
}

#define MAPPING_TEST(function) cmocka_unit_test_setup(function, pages_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MAPPING_TEST(what_is_of_no_interest_is_known_by_its_flags),
		MAPPING_TEST(a_risky_mapping_is_noted_at_its_birth_in_whole_pages),
		MAPPING_TEST(what_could_not_be_mapped_is_not_noted),
		MAPPING_TEST(a_file_is_written_back_and_unmapped_by_a_hand),
		MAPPING_TEST(
			what_is_not_done_in_time_is_parked_and_the_program_is_told_0),
		MAPPING_TEST(an_event_tells_what_was_unmapped),
		MAPPING_TEST(devices_and_what_is_watched_are_only_unmapped_by_a_hand),
		MAPPING_TEST(a_slow_munmap_is_watched_by_an_undertaker),
		MAPPING_TEST(law_1_without_a_hand_it_is_the_plain_munmap),
		MAPPING_TEST(with_no_memory_to_park_a_range_it_is_the_plain_munmap),
		MAPPING_TEST(what_the_kernel_refuses_stays_known_and_is_inherited_again),
		MAPPING_TEST(a_plain_munmap_that_failed_leaves_the_mapping_known),
		MAPPING_TEST(an_observed_munmap_that_failed_leaves_the_mapping_known),
		MAPPING_TEST(what_lies_between_goes_too_and_the_rest_of_a_piece_stays),
		MAPPING_TEST(what_is_parked_is_left_alone_and_what_lies_around_goes),
		MAPPING_TEST(a_range_that_is_going_is_waited_for),
		MAPPING_TEST(observe_never_cuts_and_says_what_enforce_would),
		MAPPING_TEST(without_a_deadline_it_is_the_plain_munmap),
		MAPPING_TEST(what_the_kernel_will_refuse_is_left_to_it),
	};

	return unit_run(tests);
}
