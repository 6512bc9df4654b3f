/* SPDX-License-Identifier: MIT */
#ifndef CENSUS_H
#define CENSUS_H

#include "mount.h"
#include "run.h"

/*
 * census.h - many closes at once, counted: the tasks that make them, the events that
 * tell of them, the data that they carry.
 *
 * One thread. What is not as it has to be fails the test.
 */

/* The events of one process, by ending. Whichever their number. */
struct census {
	int finished, expired, parked, late;
	int others;
};

/* Leave the test as skipped unless so many descriptors can be opened. */
void census_require(int descriptor_count);

/* How many tasks of the library have the victim as their parent, at most, until it has
   come to `step`. */
int census_most_tasks(struct running *running, int step, int within_ms);

/* Count the events of this process. Each result is `result`, or 0 where that is from
   the kernel (`late`); no number is finished, expired or parked more than once. */
struct census census_take(const struct running *running, int result);

/* As census_take(), once `count` closes have been told of; fails after 5 s. */
struct census census_await(const struct running *running, int result, int count);

/* Wait until so many FLUSH requests have come since there were `before`; fails after 5 s. */
void census_await_flushes(const struct mount *mount, uint32_t before, uint32_t count);

/* The same, and no more for a while. */
void census_assert_flushes(const struct mount *mount, uint32_t before, uint32_t count);

/* PREFIX0, PREFIX1, ... hold `size` bytes 'x' each on the server, now or within so long. */
void census_assert_arrived(const struct mount *mount, const char *prefix, int count,
			   int size, int within_ms);

#endif
