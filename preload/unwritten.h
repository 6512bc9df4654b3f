/* SPDX-License-Identifier: MIT */
#ifndef CF_UNWRITTEN_H
#define CF_UNWRITTEN_H

#include <stdbool.h>

#include "errand.h"

/*
 * unwritten.h - what stdio holds at the end of the process, copied for hands to write.
 *
 * Floor 2. Async-signal-safe; errno is left alone.
 */

#define CF_UNWRITTEN_MOST 64 /* streams; the others are left to libc */

struct cf_unwritten {
	struct cf_bytes
		of[CF_UNWRITTEN_MOST]; /* in the order in which libc would write */
	bool is_first
		[CF_UNWRITTEN_MOST]; /* for its file; others hang on that by `next` */
	int count;
};

/*
 * Take the bytes of every stream whose fd is wanted: stdio has written them, as far as it
 * knows. They are copied into memory that stays, and *unwritten must stay as well: whoever
 * writes the first bytes for a file writes what hangs on them.
 */
void cf_unwritten_gather(struct cf_unwritten *unwritten, bool (*is_wanted)(int fd));

/* Whether the first bytes for a file are to be written by this number. */
bool cf_unwritten_is_first(const struct cf_unwritten *unwritten, int fd);

/* Whether a stream holds bytes for somebody who may not take them at once: `is_local` knows
   the files that do. */
bool cf_unwritten_may_block(bool (*is_local)(int fd));

/* Whether a pipe, socket or device takes a few bytes now. */
bool cf_unwritten_is_ready(int fd);

#endif
