/* SPDX-License-Identifier: MIT */
/*
 * text.c - durations and lines, without libc's locale, heap or stdio. Floor 0.
 *
 * Calls nothing outside this file, not even memcpy: hands write their late
 * events with it, and under a sanitizer every string function of libc has a
 * wrapper that wants a thread.
 */
#include "text.h"

#include <errno.h>

#include "clock.h"

#define SECOND	(1000 * CF_MS)
#define LONGEST (366 * 24 * 3600 * SECOND)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t length_of(const char *string)
{
	size_t length = 0;

	while (string[length])
		length++;
	return length;
}

static bool is_same(const char *a, const char *b)
{
	for (; *a && *a == *b; a++)
		b++;
	return *a == *b;
}

static bool unit_of(const char *name, int64_t *unit_ns)
{
	static const struct {
		const char *name;
		int64_t length_ns;
	} units[] = {
		{ "ns", 1 },	 { "us", 1000 },       { "ms", CF_MS },
		{ "s", SECOND }, { "m", 60 * SECOND }, { "h", 3600 * SECOND },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (is_same(name, units[i].name)) {
			*unit_ns = units[i].length_ns;
			return true;
		}
	}
	return false;
}

bool cf_text_duration(const char *string, int64_t *length_ns)
{
	const char *at = string;
	int64_t whole = 0, fraction = 0, scale = 1, unit_ns;

	if (is_same(string, "off")) {
		*length_ns = CF_NEVER;
		return true;
	}
	if (is_same(string, "0")) {
		*length_ns = 0;
		return true;
	}
	if (!is_digit(*at))
		return false;
	for (; is_digit(*at); at++) {
		if (whole > LONGEST / 10)
			return false;
		whole = whole * 10 + (*at - '0');
	}
	if (*at == '.' && !is_digit(*++at))
		return false;
	for (; is_digit(*at); at++) {
		if (scale < 1000000) {
			fraction = fraction * 10 + (*at - '0');
			scale *= 10;
		}
	}
	if (!unit_of(at, &unit_ns) || whole > LONGEST / unit_ns)
		return false;
	*length_ns = whole * unit_ns + fraction * unit_ns / scale;
	return true;
}

void cf_text_begin(struct cf_text *text, char *bytes, size_t room)
{
	*text = (struct cf_text){ .bytes = bytes, .room = room };
	bytes[0] = '\0';
}

void cf_text_add_bytes(struct cf_text *text, const char *string, size_t length)
{
	if (text->full || length >= text->room - text->length) {
		text->full = true;
		return;
	}
	for (size_t i = 0; i < length; i++)
		text->bytes[text->length++] = string[i];
	text->bytes[text->length] = '\0';
}

void cf_text_add(struct cf_text *text, const char *string)
{
	cf_text_add_bytes(text, string, length_of(string));
}

void cf_text_add_padded(struct cf_text *text, uint64_t number, int width)
{
	char digits[20];
	int at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while ((number || (int)sizeof(digits) - at < width) && at > 0);
	cf_text_add_bytes(text, digits + at, sizeof(digits) - (size_t)at);
}

void cf_text_add_number(struct cf_text *text, int64_t number)
{
	if (number < 0)
		cf_text_add_bytes(text, "-", 1);
	cf_text_add_padded(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 1);
}

/* The length of the UTF-8 sequence at `s`, or 0 when there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
	size_t length = s[0] < 0x80   ? 1
			: s[0] < 0xC2 ? 0
			: s[0] < 0xE0 ? 2
			: s[0] < 0xF0 ? 3
				      : 4;

	if (s[0] > 0xF4 || (s[0] == 0xE0 && s[1] < 0xA0) ||
	    (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF0 && s[1] < 0x90) ||
	    (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	}
	return length;
}

void cf_text_add_address(struct cf_text *text, const void *address)
{
	int shift = 60;

	while (shift > 0 && !((uintptr_t)address >> shift))
		shift -= 4;
	cf_text_add(text, "0x");
	for (; shift >= 0; shift -= 4)
		cf_text_add_bytes(
			text, &"0123456789abcdef"[(uintptr_t)address >> shift & 15], 1);
}

void cf_text_add_json(struct cf_text *text, const char *string)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *at = (const unsigned char *)string;

	while (*at) {
		size_t length = utf8_length(at);

		if (*at == '"' || *at == '\\') {
			cf_text_add_bytes(text, (const char[]){ '\\', (char)*at }, 2);
		} else if (length == 0 || *at < 0x20 || *at == 0x7F) {
			char escape[6] = { '\\', 'u',		'0',
					   '0',	 hex[*at >> 4], hex[*at & 15] };

			cf_text_add_bytes(text, escape, sizeof(escape));
		} else {
			cf_text_add_bytes(text, (const char *)at, length);
		}
		at += length ? length : 1;
	}
}

void cf_text_add_printable(struct cf_text *text, const char *string)
{
	for (; *string; string++) {
		unsigned char c = (unsigned char)*string;

		cf_text_add_bytes(text, c < 0x20 || c == 0x7F ? "?" : string, 1);
	}
}

void cf_text_add_duration(struct cf_text *text, int64_t length_ns)
{
	if (length_ns == CF_NEVER) {
		cf_text_add(text, "off");
		return;
	}
	if (length_ns < SECOND) {
		cf_text_add_number(text, length_ns / CF_MS);
		cf_text_add(text, " ms");
		return;
	}
	cf_text_add_number(text, length_ns / SECOND);
	if (length_ns / (SECOND / 10) % 10) {
		cf_text_add(text, ".");
		cf_text_add_number(text, length_ns / (SECOND / 10) % 10);
	}
	cf_text_add(text, " s");
}

/* Days since 1970 to a date of the proleptic Gregorian calendar, by eras of 400
   years that begin on 1 March, so that the leap day is the last of a year. */
static void date_of(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t of_era = shifted - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

void cf_text_add_time(struct cf_text *text, int64_t seconds, int64_t nanoseconds)
{
	int64_t days = seconds / 86400, of_day = seconds % 86400, year;
	int month, day;

	date_of(days, &year, &month, &day);
	cf_text_add_padded(text, (uint64_t)year, 4);
	cf_text_add(text, "-");
	cf_text_add_padded(text, (uint64_t)month, 2);
	cf_text_add(text, "-");
	cf_text_add_padded(text, (uint64_t)day, 2);
	cf_text_add(text, "T");
	cf_text_add_padded(text, (uint64_t)(of_day / 3600), 2);
	cf_text_add(text, ":");
	cf_text_add_padded(text, (uint64_t)(of_day / 60 % 60), 2);
	cf_text_add(text, ":");
	cf_text_add_padded(text, (uint64_t)(of_day % 60), 2);
	cf_text_add(text, ".");
	cf_text_add_padded(text, (uint64_t)(nanoseconds / 1000000), 3);
	cf_text_add(text, "Z");
}

static const struct {
	int error;
	const char *name;
} error_names[] = {
	{ EIO, "EIO" },
	{ EBADF, "EBADF" },
	{ EINTR, "EINTR" },
	{ ENOSPC, "ENOSPC" },
	{ EDQUOT, "EDQUOT" },
	{ EFBIG, "EFBIG" },
	{ EACCES, "EACCES" },
	{ EPERM, "EPERM" },
	{ EROFS, "EROFS" },
	{ ENOENT, "ENOENT" },
	{ ENOMEM, "ENOMEM" },
	{ EAGAIN, "EAGAIN" },
	{ EINVAL, "EINVAL" },
	{ ENODEV, "ENODEV" },
	{ ENXIO, "ENXIO" },
	{ ENOSYS, "ENOSYS" },
	{ ESTALE, "ESTALE" },
	{ EREMOTEIO, "EREMOTEIO" },
	{ ENOTCONN, "ENOTCONN" },
	{ ECONNABORTED, "ECONNABORTED" },
	{ ECONNRESET, "ECONNRESET" },
	{ ETIMEDOUT, "ETIMEDOUT" },
	{ EHOSTDOWN, "EHOSTDOWN" },
	{ EHOSTUNREACH, "EHOSTUNREACH" },
	{ EPROTO, "EPROTO" },
	{ EOPNOTSUPP, "EOPNOTSUPP" },
};

void cf_text_add_errno(struct cf_text *text, int error)
{
	for (size_t i = 0; i < sizeof(error_names) / sizeof(*error_names); i++) {
		if (error_names[i].error == error) {
			cf_text_add(text, error_names[i].name);
			return;
		}
	}
	cf_text_add(text, "errno ");
	cf_text_add_number(text, error);
}
