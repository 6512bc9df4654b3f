/* SPDX-License-Identifier: MIT */
/*
 * scarce.c - the limits of the process. Floor 0.
 */
#include "scarce.h"

#include <stdatomic.h>
#include <sys/resource.h>

#include "raw.h"

#define PLENTY 1024 /* of tasks: most of them are others' */

static _Atomic bool is_noted;

bool cf_scarce_threads(void)
{
	struct rlimit tasks = { RLIM_INFINITY, 0 }, memory = tasks;

	cf_raw_call3(SYS_getrlimit, RLIMIT_NPROC, (long)&tasks, 0);
	cf_raw_call3(SYS_getrlimit, RLIMIT_AS, (long)&memory, 0);
	return tasks.rlim_cur < PLENTY || memory.rlim_cur != RLIM_INFINITY ||
	       atomic_load(&is_noted);
}

void cf_scarce_note(void)
{
	atomic_store(&is_noted, true);
}
