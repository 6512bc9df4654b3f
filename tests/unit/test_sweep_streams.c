/* SPDX-License-Identifier: MIT */
/*
 * test_sweep_streams.c - sweep.h once more: what stdio holds for a file of a server is written
 * by hands, where it belongs, and by nobody twice.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sweep.h"
#include "swept.h"
#include "unit.h"

static FILE *stream;

/* A stream on the file of a server, which lies on a disk here. */
static int given_a_stream(void **state)
{
	const char *path = unit_path("file");

	if (swept_given(state) != 0)
		return -1;
	int file = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(file, "0123456789", 10), 10);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(dup2(file, SWEPT_REMOTE), SWEPT_REMOTE);
	assert_int_equal(close(file), 0);
	stream = fdopen(SWEPT_REMOTE, "r+");
	script.is_written = true;
	return stream ? 0 : -1;
}

static void assert_written(const char *bytes, long back)
{
	cf_sweep_last();
	assert_int_equal(seen.order.kind, CF_ERRAND_WRITE);
	assert_int_equal(seen.order.call.number, SYS_close);
	assert_true(seen.is_copy_of_remote);
	assert_int_equal(seen.order.bytes.fd, SWEPT_REMOTE);
	assert_int_equal(seen.order.bytes.count, strlen(bytes));
	assert_memory_equal(seen.order.bytes.at, bytes, strlen(bytes));
	assert_int_equal(seen.order.bytes.back, back);
	assert_true(seen.event.is_written && !seen.event.is_minor);
}

static void assert_file_holds(const char *bytes)
{
	char text[64] = "";
	int file = open(unit_path("file"), O_RDONLY);

	assert_int_equal(read(file, text, sizeof(text) - 1), strlen(bytes));
	assert_string_equal(text, bytes);
	close(file);
}

static void what_stdio_holds_for_a_server_is_written_by_a_hand(void **state)
{
	(void)state;
	fputs("bytes", stream);
	assert_written("bytes", 0);
	assert_int_equal(fflush(stream), 0); /* stdio has none left */
	assert_file_holds("0123456789");
}

static void
what_was_written_after_reading_goes_where_stdio_would_have_put_it(void **state)
{
	(void)state;
	assert_int_equal(getc(stream), '0');
	assert_int_equal(fseek(stream, 0, SEEK_CUR), 0);
	fputs("ab", stream);
	assert_written("ab", lseek(SWEPT_REMOTE, 0, SEEK_CUR) - 1);
}

static void _exit_leaves_stdio_alone(void **state)
{
	(void)state;
	fputs("bytes", stream);
	swept_assert(1, 0, 0);
	assert_int_equal(seen.order.kind, CF_ERRAND_CALL);
}

static void a_stream_that_somebody_uses_is_left_to_libc(void **state)
{
	(void)state;
	fputs("bytes", stream);
	flockfile(stream);
	cf_sweep_last();
	assert_int_equal(seen.order.kind, CF_ERRAND_CALL);
	funlockfile(stream);
	assert_int_equal(fflush(stream), 0);
	assert_file_holds("bytes56789");
}

static void what_is_for_a_local_file_is_left_to_libc(void **state)
{
	(void)state;
	fputs("bytes", stream);
	script.kind = CF_KIND_LOCAL;
	cf_sweep_last();
	assert_int_equal(seen.hands, 0);
	assert_int_equal(fflush(stream), 0);
	assert_file_holds("bytes56789");
}

static void
in_haste_a_local_file_is_written_too_and_goes_on_if_it_takes_long(void **state)
{
	(void)state;
	fputs("bytes", stream);
	script.kind = CF_KIND_LOCAL;
	cf_sweep_in_haste(true);
	assert_int_equal(seen.hands, 1);
	assert_int_equal(seen.order.kind, CF_ERRAND_WRITE);
	assert_int_equal(seen.order.call.number, -1);
	assert_false(seen.order.is_ended);
	assert_true(seen.left_ns <= 250 * CF_MS);
	assert_int_equal(seen.event.deadline_ns, 250 * CF_MS);
}

static void without_a_hand_the_bytes_are_written_all_the_same(void **state)
{
	(void)state;
	fputs("bytes", stream);
	script.outcome.ending = CF_NO_HAND;
	cf_sweep_last();
	assert_file_holds("bytes56789");
}

static void streams_of_one_file_are_written_in_order_by_one_hand(void **state)
{
	FILE *second = fdopen(SWEPT_REMOTE, "r+"), *third = fdopen(SWEPT_REMOTE, "r+");

	(void)state;
	fputs("1", stream);
	fputs("2", second);
	fputs("3", third);
	cf_sweep_last();
	const struct cf_bytes *bytes = &seen.order.bytes;
	for (const char *order = "321"; *order; order++, bytes = bytes->next) {
		assert_int_equal(bytes->count, 1);
		assert_int_equal(*bytes->at, *order);
	}
	assert_null(bytes);
	assert_int_equal(fflush(NULL), 0);
	assert_file_holds("0123456789");
}

static void on_a_sick_mount_the_bytes_are_on_their_way_all_the_same(void **state)
{
	(void)state;
	swept_mount.sick_ns = 5000 * CF_MS;
	script.outcome.ending = CF_EXPIRED;
	fputs("bytes", stream);
	cf_sweep_last();
	assert_int_equal(seen.order.kind, CF_ERRAND_WRITE);
	assert_int_equal(seen.order.call.number, -1); /* the undertaker closes it */
	assert_int_equal(seen.watches, 1);
}

#define STREAM_TEST(function) cmocka_unit_test_setup(function, given_a_stream)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(what_stdio_holds_for_a_server_is_written_by_a_hand),
		STREAM_TEST(
			what_was_written_after_reading_goes_where_stdio_would_have_put_it),
		STREAM_TEST(_exit_leaves_stdio_alone),
		STREAM_TEST(a_stream_that_somebody_uses_is_left_to_libc),
		STREAM_TEST(what_is_for_a_local_file_is_left_to_libc),
		STREAM_TEST(
			in_haste_a_local_file_is_written_too_and_goes_on_if_it_takes_long),
		STREAM_TEST(without_a_hand_the_bytes_are_written_all_the_same),
		STREAM_TEST(streams_of_one_file_are_written_in_order_by_one_hand),
		STREAM_TEST(on_a_sick_mount_the_bytes_are_on_their_way_all_the_same),
	};

	return unit_run(tests);
}
