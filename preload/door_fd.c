/* SPDX-License-Identifier: MIT */
/*
 * door_fd.c - the doors for file descriptors: close() and its relatives.
 *
 * Rules of every door_*.c file:
 *  1. Same prototype, same errno behaviour as the function it stands in for.
 *  2. No decision is taken here; the flows of floor 3 take them all.
 *  3. Nothing is looked up, allocated or locked before cf_entry_may_enter() says
 *     yes. When it says no we are the plain function, nothing else.
 */
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "entry.h"
#include "real.h"
#include "relatives.h"
#include "sockets.h"

CF_DOOR int close(int fd)
{
	cf_sockets_take(fd);
	if (!cf_entry_may_enter())
		return cf_real_close(fd);
	return cf_cleanup_fd(fd);
}

/* The same address, by a name that no other preload can take. */
int cf_door_close(int fd) __attribute__((alias("close"), visibility("hidden")));

CF_DOOR int dup(int fd)
{
	return cf_entry_may_enter() ? cf_relatives_dup(fd) : cf_real_dup(fd);
}

CF_DOOR int dup2(int from, int to)
{
	return cf_entry_may_enter() ? cf_relatives_dup2(from, to)
				    : cf_real_dup2(from, to);
}

CF_DOOR int dup3(int from, int to, int flags)
{
	return cf_entry_may_enter() ? cf_relatives_dup3(from, to, flags)
				    : cf_real_dup3(from, to, flags);
}

CF_DOOR int close_range(unsigned first, unsigned last, int flags)
{
	return cf_entry_may_enter() ? cf_relatives_close_range(first, last, flags)
				    : cf_real_close_range(first, last, flags);
}

CF_DOOR int unshare(int flags)
{
	return cf_entry_may_enter() ? cf_relatives_unshare(flags)
				    : cf_real_unshare(flags);
}

/* Not a cleanup: whoever sets a linger time makes one of the closes to come. */
CF_DOOR int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_LINGER)
		cf_sockets_note_linger();
	return cf_real_setsockopt(fd, level, name, value, size);
}
