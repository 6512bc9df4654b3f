/* SPDX-License-Identifier: MIT */
#ifndef CF_FUTEX_H
#define CF_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <time.h>

#include "clock.h"
#include "raw.h"

/*
 * futex.h - wait for a word of our own to change, and say that it has.
 *
 * Floor 0. Between threads of one process; inlined; errno is left alone.
 */

/* Wait while *word is `value`, at most `length_ns` (CF_NEVER: without end); may come back
   early. */
static inline void cf_futex_wait(const _Atomic int *word, int value, int64_t length_ns)
{
	struct timespec length = { length_ns / (1000 * CF_MS),
				   length_ns % (1000 * CF_MS) };

	cf_raw_call(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, value,
		    length_ns == CF_NEVER ? 0 : (long)&length, 0, 0);
}

/* Wake everybody who waits there. */
static inline void cf_futex_wake(const _Atomic int *word)
{
	cf_raw_call3(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, INT_MAX);
}

#endif
