/* SPDX-License-Identifier: MIT */
/*
 * park.c - the doors' view of parked numbers. Floor 2.
 */
#include "park.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "clock.h"
#include "fd_table.h"
#include "futex.h"
#include "letting_go.h"
#include "parked_fds.h"
#include "raw.h"

#define FIRST_LOOK   (CF_MS / 50)
#define LONGEST_LOOK (5 * CF_MS)

/* A taken number is closed any moment: only then it is told from one opened since. */
static void await_letting_go(int fd, const struct cf_parked_fd *record)
{
	struct cf_call call = { SYS_close, { fd } };
	int64_t look = FIRST_LOOK;

	while (atomic_load(&record->state) == CF_PARKED_CLOSING &&
	       !cf_letting_go_of_fd(atomic_load(&record->taker), &call, fd,
				    &record->identity)) {
		cf_futex_wait(&record->state, CF_PARKED_CLOSING, look);
		look = look < LONGEST_LOOK ? look * 2 : LONGEST_LOOK;
	}
}

bool cf_park_holds(int fd)
{
	const struct cf_parked_fd *record =
		cf_parked_fds_any() ? cf_parked_fds_find(fd) : NULL;

	if (!record)
		return false;
	if (atomic_load(&record->state) == CF_PARKED_CLOSING)
		await_letting_go(fd, record);
	if (atomic_load(&record->state) != CF_PARKED_WAITS)
		return false;
	struct cf_identity now = cf_identity_read(fd);
	if (cf_identity_is_same(&now, &record->identity))
		return true;
	/* Replaced behind our back; in another table it was never there. */
	if (cf_fd_table_is_main() && cf_parked_fds_take(fd, 0))
		cf_parked_fds_done(fd);
	return false;
}
