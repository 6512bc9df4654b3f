/* SPDX-License-Identifier: MIT */
#ifndef CF_WATCHDOG_H
#define CF_WATCHDOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"

/*
 * watchdog.h - a thread that looks after one call of libcurl's whose waits may not be
 * libcurl's own: a callback that sleeps, a file that does not open.
 *
 * Floor 2. The thread is there only for the length of that call. Past the instant the
 * watched thread is sent a real-time signal of ours every 50 ms, whose handler is empty,
 * while the kernel shows it asleep in a call that may be interrupted: a sleep, the opening
 * of a FIFO, a read of a pipe or socket. Never in close, write, fsync or rename, never
 * when the signal is blocked there or its disposition is no longer ours. The handler is
 * there only from the first such signal to the end of the call.
 */

#define CF_WATCHDOG_MOST 64

struct cf_watch {
	const char *call;    /* of libcurl: "curl_easy_cleanup"       */
	const void *handle;  /* and its handle                        */
	int64_t deadline_ns; /* for people                            */
	cf_instant began;
	cf_instant until;     /* when its time is over                 */
	const void *frame;    /* of the door, and a word in it that    */
	const uint64_t *mark; /* holds this value while the call lasts: */
	uint64_t marked;      /* a longjmp leaves without a word       */
};

/*
 * Have this thread watched. Returns a number for the others, or 0, which they take for
 * nothing, when that is not possible (64 are watched, or no thread can be made).
 *
 * errors   A call that is still there 100 ms past its instant is reported as `stuck`,
 *          once, with what it sleeps in.
 * time     Time in which the process is stopped does not count.
 * signals  Not for signal handlers: starts a thread. errno is left alone.
 */
int cf_watchdog_enter(const struct cf_watch *watch);

/* Have this called again and again while the call of a thread is stuck, by its watchdog,
   which has every signal blocked. Once, before any door is open. */
void cf_watchdog_while_stuck(void (*look)(int tid));

/* Its time is over at another instant; CF_NEVER while the program lets libcurl work. */
void cf_watchdog_move(int number, cf_instant until);

/*
 * The call has come back: its watchdog is gone, and this thread is sent nothing more. Also
 * when the call was left by longjmp, from the same thread. Returns whether a sleep was
 * interrupted, and stores in which call.
 */
bool cf_watchdog_leave(int number, char *place, size_t room);

/* A forked child has no watchdog. */
void cf_watchdog_after_fork(void);

#endif
