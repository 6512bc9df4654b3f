/* SPDX-License-Identifier: MIT */
#ifndef CF_KEEP_H
#define CF_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * keep.h - the memory that bare tasks need when their program is gone: their code and its
 * static data, their stacks and rooms, and the tables that they are pointed to.
 *
 * Floor 0. Built like errand.c, lock-free. A range is never taken off the list; a forked
 * child keeps it. Async-signal-safe; errno is left alone.
 */

/* What the list is rounded to: at least a page. */
#if defined(__x86_64__)
#define CF_KEEP_PAGE ((uintptr_t)4096)
#else
#define CF_KEEP_PAGE ((uintptr_t)65536)
#endif

/* Put a range on the list; before a bare task is pointed to it. */
void cf_keep(const void *start, size_t length);

/* Whether the list holds everything: false once there were more than 512 ranges. */
bool cf_keep_is_complete(void);

/* The range with the lowest start of those that end after `at`, in whole pages; the object
   that holds this code is one of them. False for none. */
bool cf_keep_after(uintptr_t at, uintptr_t *start, uintptr_t *end);

#endif
