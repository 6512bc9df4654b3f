/* SPDX-License-Identifier: MIT */
#ifndef CF_PARKED_RANGES_H
#define CF_PARKED_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "write_back.h"

/*
 * parked_ranges.h - address ranges that the program has unmapped and the kernel has not,
 * because their pages are not written back yet.
 *
 * Floor 0. Such a range is mapped, and ours. Lock-free, and built like errand.c: hands
 * unmap them, also after the process is gone. Async-signal-safe; errno is left alone.
 */

struct cf_parked_range {
	_Atomic int state; /* see parked_ranges.c */
	struct cf_write_back job;
	const void *mount; /* on which the file lies, to take it over by */
};

/* Record a range, taken by the caller. NULL when there is no memory, or 65,536 are
   parked. */
struct cf_parked_range *cf_parked_ranges_add(const struct cf_write_back *job,
					     const void *mount);

/* Whether there are any: one load. */
bool cf_parked_ranges_any(void);

struct cf_parked_piece {
	uintptr_t start, end;
	bool is_going; /* being unmapped: it may be somebody else's already */
};

/* The lowest parked range that touches [start, end), copied. False for none. */
bool cf_parked_ranges_find(uintptr_t start, uintptr_t end, struct cf_parked_piece *piece);

/* Take any range that waits on this mount; NULL for none. */
struct cf_parked_range *cf_parked_ranges_take_any(const void *mount);

/* Write a taken range back and unmap it. Returns what munmap does; *written is what
   cf_write_back() has returned. */
long cf_parked_ranges_unmap(struct cf_parked_range *range, long *written);

/* Nobody is at a taken range any more: its hand has been ended, or there was none. */
void cf_parked_ranges_give_back(struct cf_parked_range *range);

/* A range that the caller has taken is parked no more, and still mapped. */
void cf_parked_ranges_drop(struct cf_parked_range *range);

/* A forked child has inherited none. */
void cf_parked_ranges_after_fork(void);

#endif
