/* SPDX-License-Identifier: MIT */
/*
 * test_streams.c - which bytes stdio holds, and where they belong.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "streams.h"
#include "unit.h"

#define MOST 8

static struct cf_stream seen[MOST];
static char bytes[MOST][64];
static int count;

static bool note(const struct cf_stream *stream, void *takes)
{
	if (stream->fd <= STDERR_FILENO) /* of the test's own output */
		return true;
	seen[count] = *stream;
	memcpy(bytes[count], stream->bytes, stream->count);
	bytes[count++][stream->count] = '\0';
	if (takes)
		cf_streams_take(stream);
	return count < MOST;
}

static void look(void *takes)
{
	count = 0;
	fflush(stdout);
	errno = EDOM;
	cf_streams_each(note, takes);
	assert_int_equal(errno, EDOM);
}

static void a_stream_is_seen_while_it_holds_bytes(void **state)
{
	FILE *file = fopen(unit_path("file"), "w");

	(void)state;
	look(NULL);
	assert_int_equal(count, 0);
	fputs("bytes", file);
	look(NULL);
	assert_int_equal(count, 1);
	assert_ptr_equal(seen[0].file, file);
	assert_int_equal(seen[0].fd, fileno(file));
	assert_string_equal(bytes[0], "bytes");
	assert_int_equal(seen[0].back, 0);
	fflush(file);
	look(NULL);
	assert_int_equal(count, 0);
}

static void what_is_taken_is_written_by_stdio_no_more(void **state)
{
	FILE *file = fopen(unit_path("file"), "w");
	char text[16] = "";

	(void)state;
	fputs("taken", file);
	look(&count);
	assert_int_equal(count, 1);
	fputs("kept", file);
	assert_int_equal(fclose(file), 0);
	file = fopen(unit_path("file"), "r");
	assert_non_null(fgets(text, sizeof(text), file));
	assert_string_equal(text, "kept");
}

static void the_newest_stream_comes_first(void **state)
{
	(void)state;
	fputs("1", fopen(unit_path("one"), "w"));
	fputs("2", fopen(unit_path("two"), "w"));
	look(NULL);
	assert_int_equal(count, 2);
	assert_string_equal(bytes[0], "2");
	assert_string_equal(bytes[1], "1");
}

static void a_stream_in_use_is_passed_over_and_known_to_hold_bytes(void **state)
{
	FILE *file = fopen(unit_path("file"), "w");

	(void)state;
	fputs("bytes", file);
	fflush(stdout);
	assert_false(cf_streams_any_beyond_reach());
	flockfile(file);
	look(NULL);
	assert_int_equal(count, 0);
	assert_true(cf_streams_any_beyond_reach());
	assert_true(cf_streams_unwritten() >= strlen("bytes"));
	funlockfile(file);
	look(NULL);
	assert_int_equal(count, 1);
}

static void wide_characters_are_beyond_reach(void **state)
{
	FILE *file = fopen(unit_path("file"), "w");

	(void)state;
	fputws(L"wide", file);
	look(NULL);
	assert_int_equal(count, 0);
	assert_true(cf_streams_any_beyond_reach());
	fclose(file);
	assert_false(cf_streams_any_beyond_reach());
}

static void a_stream_in_memory_is_written_to_nobody(void **state)
{
	static char memory[64];

	(void)state;
	fputs("bytes", fmemopen(memory, sizeof(memory), "w"));
	look(NULL);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_is_seen_while_it_holds_bytes),
		cmocka_unit_test(what_is_taken_is_written_by_stdio_no_more),
		cmocka_unit_test(the_newest_stream_comes_first),
		cmocka_unit_test(a_stream_in_use_is_passed_over_and_known_to_hold_bytes),
		cmocka_unit_test(wide_characters_are_beyond_reach),
		cmocka_unit_test(a_stream_in_memory_is_written_to_nobody),
	};

	return unit_run(tests);
}
