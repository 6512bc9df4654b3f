/* SPDX-License-Identifier: MIT */
#ifndef CF_STIR_H
#define CF_STIR_H

#include <stdbool.h>

/*
 * stir.h - interrupt what a thread sleeps in: a real-time signal of ours, whose handler is
 * empty and does not restart calls.
 *
 * Floor 1. The last real-time signal that nobody uses is taken, and only while it is
 * needed.
 */

/* Take the signal. False when none is free. */
bool cf_stir_begin(void);

/* Which it is; 0 for none. */
int cf_stir_signal(void);

/* Send it to the thread, unless the disposition is no longer ours. */
void cf_stir(int tid);

/* Give it back, on the thread that it was sent to: what was sent has arrived there. It is
   kept when one of it still waits to be let in. */
void cf_stir_end(void);

/* A forked child has sent none. */
void cf_stir_after_fork(void);

#endif
