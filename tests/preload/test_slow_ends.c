/* SPDX-License-Identifier: MIT */
/*
 * test_slow_ends.c - on a mount that is slow, but well, a file is whole when the program is
 * gone, byte for byte as stock, and nobody is hindered in writing it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define REAP_MS	   10000
#define SLOW_MS	   200
#define LINGERS_MS 500
#define BYTES	   1000
#define ROUNDS	   5

static struct mount *fuse;

static struct running *start(const char *verb, const char *first, const char *second,
			     const char *third, int is_stock)
{
	fuse->orders->delay_ms = SLOW_MS;
	return run_start(&(struct run_order){ .program = RUN_VICTIM("writer"),
					      .arguments = { verb, first, second, third },
					      .is_stock = is_stock });
}

static void assert_ends_unnoticed(struct running *victim)
{
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 0);
	bounds_span("end", victim->marks->left_ns, victim->reaped_ns, SLOW_MS, REAP_MS);
	char *said = scratch_text(victim->errors);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(events_count(victim->events, "expired"), 0);
	fuse->orders->delay_ms = 0;
}

static void assert_files_are_whole(const char *verb, const char *how, int count,
				   size_t bytes)
{
	char number[16], name[32];

	snprintf(number, sizeof(number), "%d", count);
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		fuse = mount_start("-w");
		assert_ends_unnoticed(
			start(verb, how, mount_path(fuse, "file"), number, is_stock));
		assert_true(fuse->orders->seen[WEDGE_FLUSH] >= (unsigned)count);
		for (int i = 0; i < count; i++) {
			snprintf(name, sizeof(name), "file%d", i);
			assert_true(mount_holds(fuse, name, bytes));
		}
	}
}

static void a_written_file_is_whole_after_every_way_out(void **state)
{
	(void)state;
	assert_files_are_whole("plain", "return", 1, BYTES);
	assert_files_are_whole("plain", "exit", 1, BYTES);
	assert_files_are_whole("plain", "_exit", 1, BYTES);
}

static void what_stood_in_a_buffer_is_there_but_after__exit(void **state)
{
	(void)state;
	assert_files_are_whole("buffered", "return", 1, BYTES);
	assert_files_are_whole("buffered", "exit", 1, BYTES);
	assert_files_are_whole("buffered", "_exit", 1, 0);
}

static void twenty_files_are_whole(void **state)
{
	(void)state;
	assert_files_are_whole("buffered", "return", 20, BYTES);
}

/* What a file of `text` holds afterwards, stock and preloaded. */
static void assert_contents(const char *verb, const char *text, const char *expected)
{
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		fuse = mount_start(NULL);
		const char *path = mount_path(fuse, "file");

		scratch_put(path, text);
		assert_ends_unnoticed(start(verb, path, NULL, NULL, is_stock));
		char *seen = scratch_text(path);
		assert_string_equal(seen, expected);
		free(seen);
	}
}

static void bytes_land_where_stdio_would_have_put_them(void **state)
{
	(void)state;
	assert_contents("update", "0123456789\n", "0123NEW789\n");
	assert_contents("both", "", "AC");
	assert_contents("append", "first\n", "first\nmore\n");
}

/* Each has a file of its own: number `i`. */
static char *contents_after(const char *verb, int i, int is_stock)
{
	char name[32];

	snprintf(name, sizeof(name), "file%d", i);
	const char *path = mount_path(fuse, name);
	assert_ends_unnoticed(start(verb, path, NULL, NULL, is_stock));
	return scratch_text(path);
}

/* More than once: hands side by side would come in any order. */
static void assert_order_is_as_stock(const char *verb, size_t bytes)
{
	fuse = mount_start(NULL);
	char *stock = contents_after(verb, ROUNDS, 1);

	assert_int_equal(strlen(stock), bytes);
	for (int i = 0; i < ROUNDS; i++) {
		char *seen = contents_after(verb, i, 0);

		assert_string_equal(seen, stock);
		free(seen);
	}
	free(stock);
}

static void streams_that_share_a_file_are_written_in_the_order_of_stock(void **state)
{
	(void)state;
	assert_order_is_as_stock("shared", strlen("first\nsecond\n"));
	assert_order_is_as_stock("duplicates", strlen("first\nsecond\nthird\n"));
}

/* As stock: stdio gives back what it has read ahead, for those who share the number. */
static void a_number_stands_behind_what_the_child_has_read(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		fuse = mount_start(NULL);
		const char *path = mount_path(fuse, "file");

		scratch_put(path, "first\nsecond\nthird\n");
		struct running *victim = start("offset", path, NULL, NULL, is_stock);
		assert_ends_unnoticed(victim);
		assert_int_equal(victim->marks->number[0], 6);
	}
}

static void a_thread_goes_on_writing_until_the_end(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		fuse = mount_start(NULL);
		struct running *victim =
			start("log", mount_path(fuse, "file"), NULL, NULL, is_stock);

		assert_ends_unnoticed(victim);
		bounds_span("end with the destructor", victim->marks->left_ns,
			    victim->reaped_ns, LINGERS_MS + SLOW_MS, REAP_MS);
		size_t written = (size_t)victim->marks->number[0];
		print_message("             %zu bytes\n", written);
		assert_true(written > 0);
		assert_int_equal(victim->marks->number[1], 0);
		/* The last one may have been under way. */
		assert_true(mount_holds(fuse, "file", written) ||
			    mount_holds(fuse, "file", written + 10));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_written_file_is_whole_after_every_way_out),
		SUITE_TEST(what_stood_in_a_buffer_is_there_but_after__exit),
		SUITE_TEST(twenty_files_are_whole),
		SUITE_TEST(bytes_land_where_stdio_would_have_put_them),
		SUITE_TEST(streams_that_share_a_file_are_written_in_the_order_of_stock),
		SUITE_TEST(a_number_stands_behind_what_the_child_has_read),
		SUITE_TEST(a_thread_goes_on_writing_until_the_end),
	};

	return suite_run(tests);
}
