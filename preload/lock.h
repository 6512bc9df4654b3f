/* SPDX-License-Identifier: MIT */
#ifndef CF_LOCK_H
#define CF_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

/*
 * lock.h - short locks of our own: leaves, held for a few instructions.
 *
 * Floor 0. A thread holds at most one, and none across a call that can block.
 * Zero-initialised is free. Works between all tasks that share the memory.
 */

struct cf_lock {
	_Atomic int word; /* 0 free, 1 held, 2 held and waited for */
};

/*
 * Take the lock.
 *
 * errors   False when this thread holds one already (a signal handler that
 *          interrupted us), or when the lock did not come free within 100 ms
 *          (its holder is gone or stopped): the caller then does without.
 * signals  Async-signal-safe.
 */
bool cf_lock_take(struct cf_lock *lock);

/* Release a lock that this thread has taken. */
void cf_lock_release(struct cf_lock *lock);

/* Whether this thread is inside a lock: a signal handler that asks must stand aside. */
bool cf_lock_is_held(void);

#endif
