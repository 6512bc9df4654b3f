/* SPDX-License-Identifier: MIT */
#ifndef BOUNDS_H
#define BOUNDS_H

#include <stdint.h>

#include "marks.h"

/*
 * bounds.h - time in the tests: the bound that a promise names, and the slack.
 *
 * The slack on top of every upper bound is CURFEW_TEST_SLACK_MS, 1000 by default:
 * a busy machine is no failure. With 0 the figures are held to the word. Times are
 * nanoseconds on CLOCK_MONOTONIC.
 */

#define BOUNDS_MS INT64_C(1000000)

/* The present, and the instant so many ms from now. */
int64_t bounds_now(void);
int64_t bounds_after(int ms);

/* Sleep for 1 ms; false when `until_ns` is past. For loops that wait for the others. */
int bounds_nap(int64_t until_ns);

/* The slack in milliseconds. */
int bounds_slack_ms(void);

/* Print what took how long, and fail unless it is within the bounds; the slack is
   added to `most_ms`. */
void bounds_span(const char *what, int64_t from_ns, int64_t to_ns, int least_ms,
		 int most_ms);

/* The same for a call that a victim has marked; fails when it has not ended. */
void bounds_took(const char *what, const struct mark *mark, int least_ms, int most_ms);

#endif
