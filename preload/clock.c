/* SPDX-License-Identifier: MIT */
/*
 * clock.c - CLOCK_MONOTONIC as instants. Floor 0.
 */
#include "clock.h"

#include <time.h>

cf_instant cf_clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (cf_instant)now.tv_sec * 1000 * CF_MS + now.tv_nsec;
}

cf_instant cf_clock_after(int64_t length_ns)
{
	cf_instant now = cf_clock_now();

	return length_ns >= CF_NEVER - now ? CF_NEVER : now + length_ns;
}

int64_t cf_clock_left(cf_instant instant)
{
	if (instant == CF_NEVER)
		return CF_NEVER;
	cf_instant now = cf_clock_now();
	return instant > now ? instant - now : 0;
}
