/* SPDX-License-Identifier: MIT */
/*
 * marks.c - two small tables, each word at its own value modulo their size. Floor 0.
 */
#include "marks.h"

#include <stdatomic.h>

#include "layout.h"

#define WORDS 64

static CF_TABLE _Atomic uint64_t words[CF_MARKS][WORDS];

uint64_t cf_marks_word(const struct cf_identity *file)
{
	if (file->mount_is_unique)
		return file->mount;
	return UINT64_C(1) << 63 | file->mount << 32 | (file->major << 20 ^ file->minor);
}

uint64_t cf_marks_device_word(uint32_t major, uint32_t minor)
{
	return (uint64_t)major << 32 | minor;
}

void cf_marks_set(enum cf_mark mark, uint64_t word)
{
	atomic_store_explicit(&words[mark][word % WORDS], word, memory_order_relaxed);
}

bool cf_marks_has(enum cf_mark mark, const struct cf_identity *file)
{
	uint64_t word = mark == CF_MARK_LOCAL_DEVICE
				? cf_marks_device_word(file->major, file->minor)
				: cf_marks_word(file);

	return atomic_load_explicit(&words[mark][word % WORDS], memory_order_relaxed) ==
	       word;
}
