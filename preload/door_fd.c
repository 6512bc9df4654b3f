/* SPDX-License-Identifier: MIT */
/*
 * door_fd.c - the doors for file descriptors: close() and, later, its relatives.
 *
 * Rules of every door_*.c file:
 *  1. Same prototype, same errno behaviour as the function it stands in for.
 *  2. No decision is taken here; the flows of floor 3 take them all.
 *  3. Nothing is looked up, allocated or locked before cf_entry_may_enter() says
 *     yes. When it says no we are the plain function, nothing else.
 */
#include <unistd.h>

#include "cleanup.h"
#include "entry.h"
#include "real.h"

CF_DOOR int close(int fd)
{
	if (!cf_entry_may_enter())
		return cf_real_close(fd);
	return cf_cleanup_fd(fd);
}
