/* SPDX-License-Identifier: MIT */
/*
 * test_numbers.c - fd numbers and errors are what they are without the library.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define PATIENCE_MS 10000
#define ALL_FDS	    1024

static void a_number_is_free_again_after_an_expired_close(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file"), *local = scratch_path("local");

	(void)state;
	scratch_put(local, "");
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim =
		run_start(&(struct run_order){ .program = RUN_VICTIM("number"),
					       .arguments = { "lowest", path, local } });
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 300, 350);
	assert_true(victim->marks->number[0]);
}

static void a_bad_number_stays_bad(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("number"), .arguments = { "bad", path } });
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_int_equal(victim->marks->call[0].result, 0);
	for (int slot = 1; slot <= 3; slot++) {
		bounds_took("bad", &victim->marks->call[slot], 0, 10);
		assert_int_equal(victim->marks->call[slot].result, -1);
		assert_int_equal(victim->marks->call[slot].error, EBADF);
	}
	events_assert_count(victim->events, "expired", 1);
	assert_int_equal(events_read(victim->events)->count, 1);
}

static struct running *close_everything(struct mount *fuse, int is_stock)
{
	const char *first = mount_put(fuse, "first"), *second = mount_put(fuse, "second");

	if (!is_stock)
		mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(&(struct run_order){
		RUN_VICTIM("number"), { "all", first, second }, { NULL }, is_stock });
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	return victim;
}

static void a_program_that_closes_every_number_sees_what_it_sees_without_us(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct marks *stock = close_everything(fuse, 1)->marks;
	struct running *victim = close_everything(fuse, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(victim->marks->number[i], stock->number[i]);
	assert_int_equal(stock->number[0] + stock->number[1], ALL_FDS);
	bounds_took("0 to 1023", &victim->marks->call[0], 300, 350);
	bounds_took("another", &victim->marks->call[1], 0, 350);
	assert_int_equal(victim->marks->call[1].result, 0);
	events_assert_count(victim->events, "expired", 2);
}

static void a_thread_with_a_table_of_its_own_closes_in_that_one(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file"), *local = scratch_path("local");

	(void)state;
	scratch_put(local, "");
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(
		&(struct run_order){ .program = RUN_VICTIM("number"),
				     .arguments = { "unshared", path, local } });
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 300, 350);
	assert_int_equal(victim->marks->call[0].result, 0);
	assert_true(victim->marks->number[0]);
	assert_true(victim->marks->number[1]);
}

static void a_data_file_on_fd_2_gets_no_line_of_ours(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file"), *data = scratch_path("data");

	(void)state;
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim =
		run_start(&(struct run_order){ .program = RUN_VICTIM("number"),
					       .arguments = { "covered", path, data } });
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	events_assert_count(victim->events, "expired", 1);
	char *text = scratch_text(data), *said = scratch_text(victim->errors);
	assert_string_equal(text, "");
	assert_string_equal(said, "");
	free(text);
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_number_is_free_again_after_an_expired_close),
		SUITE_TEST(a_bad_number_stays_bad),
		SUITE_TEST(
			a_program_that_closes_every_number_sees_what_it_sees_without_us),
		SUITE_TEST(a_thread_with_a_table_of_its_own_closes_in_that_one),
		SUITE_TEST(a_data_file_on_fd_2_gets_no_line_of_ours),
	};

	return suite_run(tests);
}
