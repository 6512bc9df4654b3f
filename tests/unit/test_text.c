/* SPDX-License-Identifier: MIT */
/*
 * test_text.c - durations read, and lines written into a buffer that cannot overflow.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "text.h"
#include "unit.h"

#define SECOND (1000 * CF_MS)
#define HOUR   (3600 * SECOND)

static char bytes[1024];

static struct cf_text empty_text(void)
{
	struct cf_text text;

	cf_text_begin(&text, bytes, sizeof(bytes));
	return text;
}

static void a_duration_is_a_number_with_a_unit_or_off(void **state)
{
	static const struct {
		const char *string;
		int64_t length_ns;
	} right[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "3ns", 3 },
		{ "7us", 7000 },
		{ "250ms", 250 * CF_MS },
		{ "2s", 2 * SECOND },
		{ "1.5s", 1500 * CF_MS },
		{ "0.25s", 250 * CF_MS },
		{ "00.5s", 500 * CF_MS },
		{ "0.000001s", 1000 },
		{ "1.999999999s", 1999999000 }, /* six digits count */
		{ "2m", 120 * SECOND },
		{ "1h", HOUR },
		{ "8784h", 8784 * HOUR }, /* a leap year */
		{ "off", CF_NEVER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		int64_t length_ns = -1;

		if (!cf_text_duration(right[i].string, &length_ns))
			fail_msg("'%s' is refused", right[i].string);
		if (length_ns != right[i].length_ns)
			fail_msg("'%s' is %lld ns", right[i].string,
				 (long long)length_ns);
	}
}

static const char *const wrong[] = {
	"",
	" ",
	"s",
	"ms",
	"5",
	"00",
	"1.5",
	"0.0",
	"1.",
	"1.s",
	".5s",
	"1..5s",
	"1.5.5s",
	"-1s",
	"+1s",
	"1 s",
	" 1s",
	"1s ",
	"1S",
	"1Ms",
	"1sec",
	"1d",
	"0x1s",
	"1e3s",
	"1,5s",
	"off ",
	"Off",
	"offs",
	"8785h",
	"527041m",
	"1s2ms",
	"1\ns",
	"inf",
	"nan",
	"9223372036854775807ns",
	"\xD9\xA1s",
	"1\xC2\xB5s",
	"99999999999999999999999999999s",
};

static void a_wrong_duration_is_refused_and_stores_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		int64_t length_ns = -7;

		if (cf_text_duration(wrong[i], &length_ns))
			fail_msg("'%s' is taken for %lld ns", wrong[i],
				 (long long)length_ns);
		assert_true(length_ns == -7);
	}
}

static const struct {
	const char *plain, *escaped;
} json[] = {
	{ "", "" },
	{ "/mnt/a b", "/mnt/a b" },
	{ "\"\\", "\\\"\\\\" },
	{ "\n\t\x01\x1F\x7F", "\\u000a\\u0009\\u0001\\u001f\\u007f" },
	{ "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80",
	  "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80" },
	{ "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF" }, /* the last of Unicode */
	/* what is not UTF-8: */
	{ "\x80z", "\\u0080z" },
	{ "\xC3", "\\u00c3" },
	{ "\xC3z", "\\u00c3z" },
	{ "\xC0\xAF", "\\u00c0\\u00af" },	     /* overlong */
	{ "\xE0\x80\xAF", "\\u00e0\\u0080\\u00af" }, /* overlong */
	{ "\xED\xA0\x80", "\\u00ed\\u00a0\\u0080" }, /* a surrogate */
	{ "\xE2\x82", "\\u00e2\\u0082" },	     /* cut off */
	{ "\xF0\x80\x80\x80", "\\u00f0\\u0080\\u0080\\u0080" },
	{ "\xF4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080" },
	{ "\xF5\xFF", "\\u00f5\\u00ff" },
};

static void json_strings_are_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(json) / sizeof(*json); i++) {
		struct cf_text text = empty_text();

		cf_text_add_json(&text, json[i].plain);
		assert_string_equal(text.bytes, json[i].escaped);
		assert_int_equal(text.length, strlen(json[i].escaped));
		assert_false(text.full);
	}
}

static void a_terminal_sees_no_control_characters(void **state)
{
	struct cf_text text = empty_text();

	(void)state;
	cf_text_add_printable(&text, "a\x1B[31m\nb\x7F\xC3\xA4");
	assert_string_equal(text.bytes, "a?[31m?b?\xC3\xA4");
}

static void numbers_are_decimal_to_both_ends(void **state)
{
	struct cf_text text = empty_text();

	(void)state;
	cf_text_add_number(&text, 0);
	cf_text_add(&text, " ");
	cf_text_add_number(&text, -10);
	cf_text_add(&text, " ");
	cf_text_add_number(&text, INT64_MAX);
	cf_text_add(&text, " ");
	cf_text_add_number(&text, INT64_MIN);
	cf_text_add(&text, " ");
	cf_text_add_padded(&text, 7, 3);
	cf_text_add(&text, " ");
	cf_text_add_padded(&text, 1234, 3);
	cf_text_add(&text, " ");
	cf_text_add_padded(&text, UINT64_MAX, 20);
	assert_string_equal(text.bytes,
			    "0 -10 9223372036854775807 -9223372036854775808 007 1234 "
			    "18446744073709551615");
}

static void an_address_is_hexadecimal_without_leading_zeros(void **state)
{
	static const struct {
		uintptr_t address;
		const char *written;
	} pairs[] = {
		{ 0, "0x0" },
		{ 0x9, "0x9" },
		{ 0x10, "0x10" },
		{ 0x7f00abcdef01, "0x7f00abcdef01" },
		{ UINTPTR_MAX, "0xffffffffffffffff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct cf_text text = empty_text();

		cf_text_add_address(&text, (const void *)pairs[i].address);
		assert_string_equal(text.bytes, pairs[i].written);
	}
}

static void durations_are_written_for_people(void **state)
{
	static const struct {
		int64_t length_ns;
		const char *written;
	} pairs[] = {
		{ 0, "0 ms" },
		{ 300 * CF_MS, "300 ms" },
		{ 999 * CF_MS, "999 ms" },
		{ SECOND, "1 s" },
		{ 1500 * CF_MS, "1.5 s" },
		{ 5 * SECOND, "5 s" },
		{ 90 * SECOND, "90 s" },
		{ CF_NEVER, "off" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct cf_text text = empty_text();

		cf_text_add_duration(&text, pairs[i].length_ns);
		assert_string_equal(text.bytes, pairs[i].written);
	}
}

static void a_time_is_iso_8601_with_milliseconds(void **state)
{
	struct cf_text text = empty_text();

	(void)state;
	cf_text_add_time(&text, 1795178687, 123999999);
	assert_string_equal(text.bytes, "2026-11-20T12:44:47.123Z");
}

static void the_date_is_that_of_libc_on_every_day_of_two_centuries(void **state)
{
	(void)state;
	for (int64_t day = 0; day < INT64_C(200) * 366; day++) {
		struct cf_text text = empty_text();
		time_t moment = day * 86400 + 86399;
		struct tm date;
		char expected[32];

		gmtime_r(&moment, &date);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000Z", &date);
		cf_text_add_time(&text, moment, 0);
		assert_string_equal(text.bytes, expected);
	}
}

static void errors_have_their_symbolic_names(void **state)
{
	static const struct {
		int error;
		const char *name;
	} pairs[] = {
		{ EIO, "EIO" },		  { EBADF, "EBADF" },
		{ EINTR, "EINTR" },	  { ENOSPC, "ENOSPC" },
		{ EDQUOT, "EDQUOT" },	  { ECONNABORTED, "ECONNABORTED" },
		{ ENOTCONN, "ENOTCONN" }, { ETIMEDOUT, "ETIMEDOUT" },
		{ ENOENT, "ENOENT" },	  { EDOM, "errno 33" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct cf_text text = empty_text();

		cf_text_add_errno(&text, pairs[i].error);
		assert_string_equal(text.bytes, pairs[i].name);
	}
}

static void fill(struct cf_text *text)
{
	cf_text_add(text, "{\"");
	cf_text_add_json(text, "a\x01\xC3\xA4\"");
	cf_text_add_number(text, -12345);
	cf_text_add_printable(text, "b\n");
	cf_text_add_padded(text, 1, 5);
	cf_text_add_duration(text, 1500 * CF_MS);
	cf_text_add_time(text, 0, 0);
	cf_text_add_errno(text, EIO);
	cf_text_add_address(text, (const void *)0x7f00abcd);
}

static void a_text_never_overflows_and_is_cut_between_pieces(void **state)
{
	struct cf_text whole = empty_text();
	char room[256];

	(void)state;
	fill(&whole);
	assert_false(whole.full);
	for (size_t size = 1; size <= whole.length + 1; size++) {
		struct cf_text text;

		memset(room, '#', sizeof(room));
		cf_text_begin(&text, room, size);
		fill(&text);
		assert_int_equal(text.full, size <= whole.length);
		assert_true(text.length < size);
		assert_int_equal(strlen(room), text.length);
		assert_memory_equal(room, whole.bytes, text.length);
		assert_int_equal(room[size], '#');
	}
}

static void an_escape_that_does_not_fit_is_left_out_as_a_whole(void **state)
{
	struct cf_text text;
	char room[9];

	(void)state;
	cf_text_begin(&text, room, sizeof(room));
	cf_text_add_json(&text, "abc\x01"
				"d");
	assert_string_equal(room, "abc");
	assert_true(text.full);
}

static void errno_is_left_alone(void **state)
{
	struct cf_text text = empty_text();
	int64_t length_ns;

	(void)state;
	errno = EDOM;
	fill(&text);
	cf_text_duration("99999999999999999999s", &length_ns);
	assert_int_equal(errno, EDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_is_a_number_with_a_unit_or_off),
		cmocka_unit_test(a_wrong_duration_is_refused_and_stores_nothing),
		cmocka_unit_test(json_strings_are_escaped),
		cmocka_unit_test(a_terminal_sees_no_control_characters),
		cmocka_unit_test(numbers_are_decimal_to_both_ends),
		cmocka_unit_test(an_address_is_hexadecimal_without_leading_zeros),
		cmocka_unit_test(durations_are_written_for_people),
		cmocka_unit_test(a_time_is_iso_8601_with_milliseconds),
		cmocka_unit_test(the_date_is_that_of_libc_on_every_day_of_two_centuries),
		cmocka_unit_test(errors_have_their_symbolic_names),
		cmocka_unit_test(a_text_never_overflows_and_is_cut_between_pieces),
		cmocka_unit_test(an_escape_that_does_not_fit_is_left_out_as_a_whole),
		cmocka_unit_test(errno_is_left_alone),
	};

	return unit_run(tests);
}
