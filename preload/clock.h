/* SPDX-License-Identifier: MIT */
#ifndef CF_CLOCK_H
#define CF_CLOCK_H

#include <stdint.h>

/*
 * clock.h - time as a point: the instants that every wait of ours is given.
 *
 * Floor 0. All times are nanoseconds. Safe from any thread and signal handler;
 * errno is left alone.
 */

typedef int64_t cf_instant; /* on CLOCK_MONOTONIC */

#define CF_MS	 INT64_C(1000000)
#define CF_NEVER INT64_MAX /* an instant that does not come, a length without end */

/* The present instant. */
cf_instant cf_clock_now(void);

/* The instant `length_ns` from now; CF_NEVER stays CF_NEVER. */
cf_instant cf_clock_after(int64_t length_ns);

/* What is left until `instant`: 0 when it is past, CF_NEVER when it never comes. */
int64_t cf_clock_left(cf_instant instant);

/* Long waits are made of slices, so that time in which the process was stopped can be
   told: a slice of this length that has taken 100 ms more than that. */
#define CF_CLOCK_SLICE (10 * CF_MS)

/* How much of the `passed_ns` that a wait of `length_ns` has taken the process was stopped;
   0 when it was not. */
static inline int64_t cf_clock_stopped(int64_t passed_ns, int64_t length_ns)
{
	return passed_ns > length_ns + 100 * CF_MS ? passed_ns - length_ns : 0;
}

#endif
