/* SPDX-License-Identifier: MIT */
/*
 * lock.c - a futex word that never waits for ever. Floor 0.
 *
 * The wait is bounded because the holder may be a vfork child that was killed,
 * or a thread that a signal handler has left by longjmp.
 */
#include "lock.h"

#include <stddef.h>

#include "clock.h"
#include "futex.h"
#include "raw.h"

#define PATIENCE (100 * CF_MS)

static __thread int held; /* how many locks this thread holds: 0 or 1 */

static bool wait_for(struct cf_lock *lock)
{
	cf_instant end = cf_clock_after(PATIENCE);

	while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0) {
		int64_t left = cf_clock_left(end);

		if (left == 0)
			return false;
		cf_futex_wait(&lock->word, 2, left);
	}
	return true;
}

bool cf_lock_take(struct cf_lock *lock)
{
	int free = 0;

	if (held)
		return false;
	held = 1; /* before the word: a handler must never wait for its own thread */
	atomic_signal_fence(memory_order_seq_cst);
	if (atomic_compare_exchange_strong_explicit(
		    &lock->word, &free, 1, memory_order_acquire, memory_order_relaxed))
		return true;
	if (wait_for(lock))
		return true;
	held = 0;
	return false;
}

void cf_lock_release(struct cf_lock *lock)
{
	if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
		cf_raw_call3(SYS_futex, (long)&lock->word, FUTEX_WAKE_PRIVATE, 1);
	atomic_signal_fence(memory_order_seq_cst);
	held = 0;
}

bool cf_lock_is_held(void)
{
	return held != 0;
}
