/* SPDX-License-Identifier: MIT */
#ifndef CF_WATCHDOG_H
#define CF_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

/*
 * watchdog.h - the one thread that looks after calls of libcurl's whose waits are not
 * libcurl's own: a callback that sleeps, a file that does not open.
 *
 * Floor 2. It is there only while such calls are watched, and for a second after. A
 * thread that is past its instant is sent our real-time signal every 50 ms, whose handler
 * is empty, while the kernel shows it asleep in a call that may be interrupted: a sleep,
 * the opening of a FIFO, a read of a pipe or socket. Never in close, write, fsync or
 * rename, never when the signal is blocked there or its disposition is no longer ours.
 */

#define CF_WATCHDOG_MOST 64

struct cf_watch {
	const char *call;    /* of libcurl: "curl_easy_cleanup"        */
	const void *handle;  /* and its handle                         */
	int64_t deadline_ns; /* for people                             */
	cf_instant began;
	cf_instant until;     /* when its time is over; CF_NEVER: not now */
	const void *frame;    /* of the door, and a word in it that holds  */
	const uint64_t *mark; /* this value while the call lasts: a longjmp */
	uint64_t marked;      /* leaves without a word                    */
};

/*
 * Have this thread watched. Returns a number for the others, or 0, which they take for
 * nothing, when that is not possible (64 are watched, or no thread can be made).
 *
 * errors   A call that is still there 100 ms past its instant is reported as `stuck`,
 *          once, with what it sleeps in.
 * signals  Not for signal handlers: may start a thread. errno is left alone.
 */
int cf_watchdog_enter(const struct cf_watch *watch);

/* Its time is over at another instant; CF_NEVER while the program lets libcurl work. */
void cf_watchdog_move(int number, cf_instant until);

/* The call has come back. From here on the thread is sent nothing. */
void cf_watchdog_leave(int number);

/* A forked child has no watchdog. */
void cf_watchdog_after_fork(void);

#endif
