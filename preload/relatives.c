/* SPDX-License-Identifier: MIT */
/*
 * relatives.c - dup, dup2, dup3 and close_range around parked numbers. Floor 3.
 */
#include "relatives.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "fd_table.h"
#include "hand.h"
#include "layout.h"
#include "park.h"
#include "parked_fds.h"
#include "raw.h"
#include "real.h"
#include "undertaker.h"

#define ALWAYS_COPIED 64 /* the numbers below, into any table: NR_OPEN_DEFAULT */

static int answer(long result)
{
	if (result >= 0)
		return (int)result;
	errno = (int)-result;
	return -1;
}

int cf_relatives_dup(int fd)
{
	return cf_park_holds(fd) ? answer(-EBADF) : cf_real_dup(fd);
}

/* The number is the program's again, as soon as a hand has put the new file there. In
   another table than the main one it is a copy, of which there is no record. */
CF_COLD static long replace(int from, int to, int flags)
{
	const struct cf_parked_fd *record = cf_parked_fds_find(to);
	struct cf_order order = {
		.call = { SYS_dup3, { from, to, flags } },
		.identity = cf_identity_read(to),
		.mount = record ? (struct cf_mount *)record->mount : NULL,
	};
	bool is_ours = cf_fd_table_is_main();
	long error = cf_raw_call3(SYS_fcntl, from, F_GETFD, 0);

	if (error < 0)
		return error;
	if (is_ours && !cf_parked_fds_take(to, 0)) {
		cf_park_holds(
			to); /* a hand was quicker: it must not close what is put there */
		return cf_raw_call3(SYS_dup3, from, to, flags);
	}
	struct cf_outcome outcome = cf_hand_run(&order, cf_clock_now());
	bool is_refused = outcome.ending == CF_FINISHED && outcome.result < 0;
	if (is_ours && is_refused)
		cf_parked_fds_give_back(to);
	else if (is_ours)
		cf_parked_fds_done(to);
	if (outcome.ending == CF_NO_HAND)
		return cf_raw_call3(SYS_dup3, from, to, flags);
	return is_refused ? outcome.result : to;
}

int cf_relatives_dup3(int from, int to, int flags)
{
	if (cf_parked_fds_any() && from != to) {
		if (cf_park_holds(from))
			return answer(-EBADF);
		if (cf_park_holds(to))
			return answer(replace(from, to, flags));
	}
	return cf_real_dup3(from, to, flags);
}

int cf_relatives_dup2(int from, int to)
{
	if (cf_parked_fds_any()) {
		if (cf_park_holds(from))
			return answer(-EBADF);
		if (from != to && cf_park_holds(to))
			return answer(replace(from, to, 0));
	}
	return cf_real_dup2(from, to);
}

/* The calling thread may have a table of its own now, with copies of what is parked: its end
   must not be what closes them. */
static void get_company(void)
{
	static const _Atomic int for_good = 1;

	if (cf_parked_fds_any() && !cf_fd_table_is_leaders())
		cf_undertaker_watch(&for_good);
}

int cf_relatives_unshare(int flags)
{
	int result = cf_real_unshare(flags);

	if (result == 0 && (flags & CLONE_FILES))
		get_company();
	return result;
}

/* The calling thread has a table of its own after the first piece. */
static int close_piece(unsigned first, unsigned last, int *flags)
{
	int result = cf_real_close_range(first, last, *flags);

	*flags &= ~CLOSE_RANGE_UNSHARE;
	return result;
}

CF_COLD static int close_around(unsigned first, unsigned last, int flags)
{
	int fd = first < CF_PARKED_FDS_MOST ? cf_parked_fds_next((int)first)
					    : CF_PARKED_FDS_MOST;
	int result = 0;

	/* A table of its own is made without what is above these: it need not be spared. */
	if ((flags & CLOSE_RANGE_UNSHARE) && !(flags & CLOSE_RANGE_CLOEXEC) &&
	    last >= CF_PARKED_FDS_MOST && first < ALWAYS_COPIED) {
		result = close_piece(ALWAYS_COPIED, last, &flags);
		last = ALWAYS_COPIED - 1;
	}
	for (; result == 0 && fd < CF_PARKED_FDS_MOST && (unsigned)fd <= last;
	     fd = cf_parked_fds_next(fd + 1)) {
		if (!cf_park_holds(fd))
			continue;
		if ((unsigned)fd > first)
			result = close_piece(first, (unsigned)fd - 1, &flags);
		first = (unsigned)fd + 1;
	}
	if (result == 0 && first <= last)
		return close_piece(first, last, &flags);
	if (result == 0 && (flags & CLOSE_RANGE_UNSHARE))
		return answer(cf_raw_call3(SYS_unshare, CLONE_FILES, 0, 0));
	return result;
}

int cf_relatives_close_range(unsigned first, unsigned last, int flags)
{
	const int known = CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC;

	if (!cf_parked_fds_any() || first > last || (flags & ~known))
		return cf_real_close_range(first, last, flags);
	int result = close_around(first, last, flags);
	if (flags & CLOSE_RANGE_UNSHARE)
		get_company();
	return result;
}
