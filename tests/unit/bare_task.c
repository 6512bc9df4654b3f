/* SPDX-License-Identifier: MIT */
/*
 * bare_task.c - the code of tasks for tests.
 */
#include "bare_task.h"

#include <time.h>

#include "raw.h"
#include "seal.h"

void bare_run(void *room)
{
	struct bare *bare = room;

	if (bare->as == BARE_HAND)
		cf_seal_hand(bare->own_number);
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

void (*bare_late_work)(void *room);

void bare_run_late(void *room)
{
	struct timespec pause;

	pause.tv_sec = 0;
	pause.tv_nsec = 200000000;
	cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&pause, 0, 0, 0);
	bare_late_work(room);
}
