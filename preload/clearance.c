/* SPDX-License-Identifier: MIT */
/*
 * clearance.c - close every number of an fd table, in the order of what they can do to us.
 * Floor 0.
 *
 * Built like errand.c.
 */
#include "clearance.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "identity.h"
#include "marks.h"
#include "proc_list.h"
#include "raw.h"

#define MOST_FDS (1 << 20) /* looked at one by one; what is above goes in one call */

enum order { AT_ONCE, ON_BLOCK_DEVICE, MAY_HANG, SICK, NOT_OPEN };

/* At the end of a process the kernel does not linger; neither do we. */
static void stop_lingering(int fd)
{
	struct linger off;

	off.l_onoff = 0;
	off.l_linger = 0;
	cf_raw_call(SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, (long)&off, sizeof(off),
		    0);
}

static enum order order_of(int fd)
{
	struct cf_identity identity = cf_identity_read(fd);

	if (identity.error == EBADF)
		return NOT_OPEN;
	switch (identity.is_opaque ? S_IFREG : identity.mode) {
	case S_IFREG:
	case S_IFDIR:
		if (identity.is_on_disk || cf_marks_has(CF_MARK_LOCAL, &identity) ||
		    cf_marks_has(CF_MARK_LOCAL_DEVICE, &identity))
			return AT_ONCE;
		if (cf_marks_has(CF_MARK_SICK, &identity))
			return SICK;
		return identity.major ? ON_BLOCK_DEVICE : MAY_HANG;
	case S_IFCHR: /* memory devices and ptys; a serial line may drain for long */
		return identity.device_major == 1 || (identity.device_major & ~7U) == 136
			       ? AT_ONCE
			       : MAY_HANG;
	case S_IFBLK:
		return MAY_HANG;
	default:
		return AT_ONCE;
	}
}

/* Close what has its turn. One number at a time: close_range() would release nothing before
   its last one. Returns the end of what is left. */
static int close_in_turn(enum order turn, int end)
{
	int left = 0;

	for (int fd = 0; fd < end; fd++) {
		enum order order = order_of(fd);

		if (order == NOT_OPEN)
			continue;
		if (order > turn) {
			left = fd + 1;
			continue;
		}
		stop_lingering(fd);
		cf_raw_call3(SYS_close, fd, 0, 0);
	}
	return left;
}

int cf_clearance_begin(void)
{
	int end = cf_proc_list_end("/proc/self/fd");

	if (end < 0 || end > MOST_FDS)
		end = MOST_FDS;
	end = close_in_turn(AT_ONCE, end);
	return close_in_turn(ON_BLOCK_DEVICE, end);
}

void cf_clearance_end(int end)
{
	end = close_in_turn(MAY_HANG, end);
	close_in_turn(SICK, end);
	cf_raw_call3(SYS_close_range, MOST_FDS, ~0U, 0);
}
