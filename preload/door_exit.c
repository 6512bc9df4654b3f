/* SPDX-License-Identifier: MIT */
/*
 * door_exit.c - the doors of the end: _exit() and its synonym, and what comes after main()
 * and exit(). The rules are those of door_fd.c.
 */
#include <stdlib.h>
#include <unistd.h>

#include "entry.h"
#include "exit_guard.h"
#include "real.h"

static void leave(void)
{
	if (cf_entry_may_enter())
		cf_exit_guard_leave();
}

CF_DOOR void _exit(int status)
{
	leave();
	cf_real_exit(status);
}

CF_DOOR void _Exit(int status) __attribute__((alias("_exit")));

/* Among the last: of what exit() runs. */
__attribute__((destructor)) static void end(void)
{
	leave();
}
