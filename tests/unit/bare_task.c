/* SPDX-License-Identifier: MIT */
/*
 * bare_task.c - the code of tasks for tests.
 */
#include "bare_task.h"

#include <time.h>

#include "estate.h"
#include "raw.h"
#include "seal.h"

void bare_run(void *room)
{
	struct bare *bare = room;

	if (bare->as == BARE_HAND)
		cf_seal_hand(bare->own_number, false);
	else if (bare->as == BARE_RECORDER)
		cf_seal_recorder();
	else
		cf_seal_undertaker();
	for (int i = 0; i < bare->count; i++) {
		struct bare_try *try = &bare->tries[i];

		try->result = cf_raw_call(try->number, try->argument[0], try->argument[1],
					  try->argument[2], try->argument[3], 0, 0);
	}
}

static void nap(long length_ns)
{
	struct timespec pause;

	pause.tv_sec = 0;
	pause.tv_nsec = length_ns;
	cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&pause, 0, 0, 0);
}

static const struct bare_heir *heir;

static bool risky_after(uintptr_t at, uintptr_t *start, uintptr_t *end)
{
	for (int i = 0; i < 2; i++) {
		*start = heir->risky[i].start;
		*end = heir->risky[i].end;
		if (*end > at)
			return true;
	}
	return false;
}

static void tell_what_is_mapped(void)
{
	char told[BARE_MOST_LOOKS];
	unsigned char is_in_core;
	int count = 0;

	for (; count < BARE_MOST_LOOKS && heir->looks[count]; count++) {
		long page = (long)(heir->looks[count] & ~(uintptr_t)4095);
		long result = cf_raw_call3(SYS_mincore, page, 1, (long)&is_in_core);

		told[count] = result == 0 ? '+' : '-';
	}
	cf_raw_call3(SYS_write, heir->fd, (long)told, count);
}

void bare_inherit(void *room)
{
	heir = room;
	while (cf_raw_call3(SYS_getppid, 0, 0, 0) == heir->owner)
		nap(1000000);
	cf_estate_release(risky_after);
	tell_what_is_mapped();
	cf_estate_release_risky(risky_after);
	tell_what_is_mapped();
}

void (*bare_late_work)(void *room);

void bare_run_late(void *room)
{
	nap(200000000);
	bare_late_work(room);
}
