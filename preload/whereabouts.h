/* SPDX-License-Identifier: MIT */
#ifndef CF_WHEREABOUTS_H
#define CF_WHEREABOUTS_H

#include <stdbool.h>

#include "text.h"

/*
 * whereabouts.h - what each thread of this process is doing, as /proc shows it.
 *
 * Floor 2. Reads files of /proc/self/task alone, which do not block. Async-signal-safe;
 * errno is left alone.
 */

struct cf_whereabouts {
	char place[80]; /* what the wanted thread waits in: "futex (futex_do_wait)" */
	bool is_held;	/* a thread is in an uninterruptible wait of the kernel's   */
};

/*
 * Append an array of JSON to *threads, an object a thread but for the calling one:
 * {"tid":4711,"comm":"worker","state":"S","call":"futex","channel":"futex_do_wait"}.
 * At most 16; those with `tid` first. What cannot be read is "".
 */
struct cf_whereabouts cf_whereabouts_look(int tid, struct cf_text *threads);

#endif
