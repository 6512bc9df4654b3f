/* SPDX-License-Identifier: MIT */
/*
 * keep.c - a list of address ranges that only grows. Floor 0.
 */
#include "keep.h"

#include <stdatomic.h>

#include "layout.h"

#define MOST 512

struct range {
	_Atomic uintptr_t start;
	_Atomic uintptr_t end; /* 0: not written yet, so nobody is pointed there */
};

/* Of the object that this is part of; the linker's. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

static CF_TABLE struct range ranges[MOST];
static _Atomic unsigned count; /* more than MOST when some did not fit */

static uintptr_t page_of(uintptr_t address)
{
	return address & ~(CF_KEEP_PAGE - 1);
}

void cf_keep(const void *start, size_t length)
{
	unsigned place = atomic_fetch_add(&count, 1);

	if (place >= MOST)
		return;
	atomic_store(&ranges[place].start, page_of((uintptr_t)start));
	atomic_store(&ranges[place].end,
		     page_of((uintptr_t)start + length + CF_KEEP_PAGE - 1));
}

bool cf_keep_is_complete(void)
{
	return atomic_load(&count) <= MOST;
}

bool cf_keep_after(uintptr_t at, uintptr_t *start, uintptr_t *end)
{
	unsigned filled = atomic_load(&count);

	*start = page_of((uintptr_t)__ehdr_start);
	*end = page_of((uintptr_t)_end + CF_KEEP_PAGE - 1);
	bool is_any = *end > at;
	for (unsigned i = 0; i < filled && i < MOST; i++) {
		uintptr_t from = atomic_load(&ranges[i].start);
		uintptr_t to = atomic_load(&ranges[i].end);

		if (to <= at || (is_any && from >= *start))
			continue;
		*start = from;
		*end = to;
		is_any = true;
	}
	return is_any;
}
