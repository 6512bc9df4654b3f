/* SPDX-License-Identifier: MIT */
#ifndef CF_PARKED_FDS_H
#define CF_PARKED_FDS_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"

/*
 * parked_fds.h - fd numbers that the program has closed and that still wait for a hand.
 *
 * Floor 0. Such a number is open in the table of the process's first thread, and ours.
 * Lock-free, and built like errand.c: hands take them over, also after the process is
 * gone. Async-signal-safe; errno is left alone.
 */

#define CF_PARKED_FDS_MOST (1 << 20) /* numbers from here on cannot be parked */

enum cf_parked_state {
	CF_PARKED_NOT,	  /* nothing is known of this number                     */
	CF_PARKED_WAITS,  /* open, and nobody is at it                           */
	CF_PARKED_CLOSING /* taken; open or not, until the one who closes it says */
};

struct cf_parked_fd {
	_Atomic int state;
	_Atomic int taker;	     /* the task that closes it                     */
	const void *mount;	     /* on which it lies, to take them over by      */
	struct cf_identity identity; /* what the number stands for while it is ours */
};

/* Park a number. False when there is no memory, the number is too high, or is parked. */
bool cf_parked_fds_add(int fd, const struct cf_identity *identity, const void *mount);

/* Whether there are any: one load. */
bool cf_parked_fds_any(void);

/* What is known of a number; NULL when it is not parked. The record stays readable. */
const struct cf_parked_fd *cf_parked_fds_find(int fd);

/* Take a number that waits, to close it. False when another has. */
bool cf_parked_fds_take(int fd, int taker);

/* Take any number that waits on this mount; -1 for none. */
int cf_parked_fds_take_any(const void *mount, int taker);

/* A taken number is closed. */
void cf_parked_fds_done(int fd);

/* A taken number is not closed: its taker has been ended. It waits again. */
void cf_parked_fds_give_back(int fd);

/* The first parked number from `fd` on, taken or not; CF_PARKED_FDS_MOST for none. */
int cf_parked_fds_next(int fd);

/* A forked child has copies of all of them, and nobody at work. */
void cf_parked_fds_after_fork(void);

#endif
