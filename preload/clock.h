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

#endif
