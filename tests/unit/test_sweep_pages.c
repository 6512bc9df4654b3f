/* SPDX-License-Identifier: MIT */
/*
 * test_sweep_pages.c - sweep.h once more: what is left mapped is written back.
 */
#include <stdint.h>

#include "parked_ranges.h"
#include "ranges.h"
#include "swept.h"
#include "unit.h"

static void map(uintptr_t start, enum cf_range_kind kind, uint64_t inode)
{
	cf_ranges_add(&(struct cf_range){ .start = start,
					  .end = start + 4096,
					  .kind = kind,
					  .fd = 42,
					  .file = { .inode = inode },
					  .mount = &swept_mount });
}

static void mapped_files_are_written_back_and_devices_are_not(void **state)
{
	(void)state;
	script.kind = CF_KIND_LOCAL;
	map(0x10000, CF_RANGE_FILE, 1);
	map(0x20000, CF_RANGE_DEVICE, 2);
	map(0x30000, CF_RANGE_WATCHED, 3);
	swept_assert(1, 0, 0);
	assert_int_equal(seen.order.kind, CF_ERRAND_WRITE_BACK);
	assert_int_equal(seen.order.pages.start, 0x10000);
	assert_int_equal(seen.order.pages.length, 4096);
	assert_int_equal(seen.order.pages.fd, 42);
}

static void pages_that_cannot_be_written_back_leave_an_undertaker_behind(void **state)
{
	(void)state;
	script.kind = CF_KIND_LOCAL;
	script.outcome.ending = CF_EXPIRED;
	map(0x10000, CF_RANGE_FILE, 1);
	map(0x20000, CF_RANGE_FILE, 2);
	swept_assert(2, 2, 1);
	assert_int_equal(seen.most_at_once, 2);
	assert_string_equal(seen.event.call, "exit");
	assert_string_equal(seen.event.class, "mmap");
	assert_ptr_equal(seen.event.address, (void *)0x20000);
}

static void map_twice(int fd)
{
	struct cf_range range = { .start = 0x10000,
				  .end = 0x11000,
				  .kind = CF_RANGE_FILE,
				  .fd = fd,
				  .file = cf_identity_read(SWEPT_REMOTE),
				  .mount = &swept_mount };

	script.kind = CF_KIND_LOCAL;
	cf_ranges_add(&range);
	range.start = 0x20000;
	range.end = 0x21000;
	cf_ranges_add(&range);
}

static void all_mappings_of_a_file_are_written_back_by_its_fd_at_once(void **state)
{
	(void)state;
	map_twice(SWEPT_REMOTE);
	swept_assert(1, 0, 0);
}

/* Then it is the pages of the one mapping. */
static void mappings_of_a_file_that_is_closed_are_written_back_each(void **state)
{
	(void)state;
	map_twice(SWEPT_REMOTE + 1);
	swept_assert(2, 0, 0);
}

static void a_parked_range_leaves_an_undertaker_behind(void **state)
{
	(void)state;
	script.kind = CF_KIND_LOCAL;
	assert_non_null(cf_parked_ranges_add(&(struct cf_write_back){ 0 }, &swept_mount));
	swept_assert(0, 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SWEPT_TEST(mapped_files_are_written_back_and_devices_are_not),
		SWEPT_TEST(pages_that_cannot_be_written_back_leave_an_undertaker_behind),
		SWEPT_TEST(all_mappings_of_a_file_are_written_back_by_its_fd_at_once),
		SWEPT_TEST(mappings_of_a_file_that_is_closed_are_written_back_each),
		SWEPT_TEST(a_parked_range_leaves_an_undertaker_behind),
	};

	return unit_run(tests);
}
