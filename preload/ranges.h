/* SPDX-License-Identifier: MIT */
#ifndef CF_RANGES_H
#define CF_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "identity.h"
#include "spans.h"

/*
 * ranges.h - the live table of mappings whose munmap may wait for somebody.
 *
 * Floor 1. A mapping is in the table from its birth until its munmap is about to start:
 * whoever takes it out owns it. Memory is our own. Thread-safe, async-signal-safe; when
 * there is no memory, or a signal handler has interrupted us, a mapping goes unrecorded.
 */

#define CF_RANGE_NAME_BYTES 256

struct cf_mount;

enum cf_range_kind {
	CF_RANGE_FILE,	 /* pages of a file are written back first                  */
	CF_RANGE_DEVICE, /* the driver is told                                      */
	CF_RANGE_WATCHED /* with userfaultfd: whoever watches it is told, and waited for */
};

struct cf_range {
	uintptr_t start, end; /* the first byte after it                          */
	enum cf_range_kind kind;
	int fd;			 /* by which it was mapped: a file may still be there */
	struct cf_identity file; /* what that stood for                              */
	struct cf_mount *mount;	 /* of a file; NULL when nothing is known            */
	cf_instant born;
	char name[CF_RANGE_NAME_BYTES];
};

/* Whether there are any: one load. */
bool cf_ranges_any(void);

/* Record a mapping, copied. What was recorded at these addresses is forgotten. */
void cf_ranges_add(const struct cf_range *range);

/* Take the lowest recorded piece of [start, end) out of the table into *piece. False when
   there is none. */
bool cf_ranges_take(uintptr_t start, uintptr_t end, struct cf_range *piece);

/* Copy the lowest recorded piece of [start, end), which stays. False when there is none. */
bool cf_ranges_find(uintptr_t start, uintptr_t end, struct cf_range *piece);

/* What was recorded of [from, end) lies at `to` now, `length` bytes of it, the last piece
   being stretched; and, if `is_kept`, where it was as well. */
void cf_ranges_move(uintptr_t from, uintptr_t end, uintptr_t to, size_t length,
		    bool is_kept);

/* Forget what is recorded of [start, end). */
void cf_ranges_forget(uintptr_t start, uintptr_t end);

/* The addresses alone, to be looked at when the program is gone, and not before. */
const struct cf_spans *cf_ranges_spans(void);

/* A forked child has the same mappings, but for the watched ones; if a thread of the
   parent was changing the table at the fork, nothing is known. */
void cf_ranges_after_fork(void);

#endif
