/* SPDX-License-Identifier: MIT */
#ifndef CF_TEXT_H
#define CF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * text.h - durations read, and lines written into a buffer that cannot overflow.
 *
 * Floor 0. No allocation, no locale, no stdio: safe from any thread and from a
 * signal handler. errno is left alone.
 */

/*
 * Read a duration: a number with an optional fraction and a unit `ns`, `us`,
 * `ms`, `s`, `m` or `h` (`250ms`, `1.5s`, `2m`), plain `0`, or `off`.
 * Stores nanoseconds, CF_NEVER for `off`. Returns false, and stores nothing,
 * for everything else and for more than a year.
 */
bool cf_text_duration(const char *string, int64_t *length_ns);

/*
 * A line under construction in memory of the caller. What does not fit is left
 * out and `full` is set; the text is always NUL-terminated.
 */
struct cf_text {
	char *bytes;
	size_t length; /* without the NUL */
	size_t room;   /* with the NUL    */
	bool full;
};

/* Begin an empty text in `bytes[room]`; `room` must be at least 1. */
void cf_text_begin(struct cf_text *text, char *bytes, size_t room);

/* Append a string, or its first `length` bytes. */
void cf_text_add(struct cf_text *text, const char *string);
void cf_text_add_bytes(struct cf_text *text, const char *string, size_t length);

/* Append a decimal number; with leading zeros up to `width` digits (at most 20). */
void cf_text_add_number(struct cf_text *text, int64_t number);
void cf_text_add_padded(struct cf_text *text, uint64_t number, int width);

/* Append an address: `0x7f..`. */
void cf_text_add_address(struct cf_text *text, const void *address);

/* Append the inside of a JSON string: quotes, backslashes, control characters and
   bytes that are not UTF-8 are escaped. */
void cf_text_add_json(struct cf_text *text, const char *string);

/* Append for a terminal: control characters become '?'. */
void cf_text_add_printable(struct cf_text *text, const char *string);

/* Append a duration as a person writes it: `300 ms`, `5 s`, `1.5 s`. */
void cf_text_add_duration(struct cf_text *text, int64_t length_ns);

/* Append `seconds` since 1970 as UTC, ISO 8601 with milliseconds. */
void cf_text_add_time(struct cf_text *text, int64_t seconds, int64_t nanoseconds);

/* Append the symbolic name of an errno value, `errno 123` when it is not one that
   a close is known to give. */
void cf_text_add_errno(struct cf_text *text, int error);

#endif
