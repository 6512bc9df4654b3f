/* SPDX-License-Identifier: MIT */
#ifndef CF_UNMAPPING_H
#define CF_UNMAPPING_H

#include <stddef.h>

/*
 * unmapping.h - the story of a munmap that may wait: the pages are written back first, and
 * it is made in time, or later.
 *
 * Floor 3.
 */

/*
 * munmap(2). Pages that cannot be written back by the deadline stay mapped, as ours, until
 * they can; children do not inherit them. The caller is told 0.
 *
 * errno    Set on failure only.
 * threads  No cancellation point.
 * signals  Async-signal-safe.
 */
int cf_unmapping_run(void *at, size_t length);

#endif
