/* SPDX-License-Identifier: MIT */
#ifndef HOLDINGS_H
#define HOLDINGS_H

#include <stdint.h>

#include "run.h"

/*
 * holdings.h - what others wait for while a victim holds it: a lock, a port, a pipe, and
 * its stdout. The victim's side is victim_holdings.h.
 *
 * One thread. Times are those of bounds.h; nothing here waits without a bound.
 */

struct holdings {
	const char *lock; /* a file to flock()                 */
	const char *fifo; /* to be opened for writing          */
	int reader;	  /* the read end of it, of the driver */
};

/* A new lock and a new fifo; the pipe is closed by holdings_assert_own_free(). */
struct holdings holdings_make(void);

/* Lock, port (number 0) and pipe are free within so long of `since_ns`; fails the test
   otherwise. Once only. */
void holdings_assert_own_free(const struct holdings *holdings,
			      const struct running *victim, int64_t since_ns,
			      int within_ms);

/* The same, and the victim is reaped and its stdout at its end. */
void holdings_assert_free(const struct holdings *holdings, struct running *victim,
			  int64_t since_ns, int within_ms);

#endif
