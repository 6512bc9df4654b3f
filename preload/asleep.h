/* SPDX-License-Identifier: MIT */
#ifndef CF_ASLEEP_H
#define CF_ASLEEP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * asleep.h - what a thread of this process sleeps in, as /proc shows it.
 *
 * Floor 1. Reads files of /proc/self/task alone, which do not block. errno is left alone.
 */

struct cf_asleep {
	long number;	     /* of the system call; -1 when it is in none, or unknown */
	unsigned long stack; /* its stack pointer, 0 when unknown                     */
	bool is_gone;	     /* there is no such thread any more                      */
	bool may_be_stirred; /* a signal ends it and does no harm                     */
	char call[32];	     /* its name: "clock_nanosleep"; "" for none              */
	char channel[40]; /* where in the kernel: "hrtimer_nanosleep"; "" for unknown */
	char place[80];	  /* for people: "clock_nanosleep (hrtimer_nanosleep)"     */
};

/* Read /proc/self/task/TID/NAME as a string. Returns its length, or -errno: then it is "". */
long cf_asleep_read(int tid, const char *name, char *bytes, size_t room);

/* Look at the thread. */
struct cf_asleep cf_asleep_look(int tid);

/* Whether the thread has this signal blocked; true when that cannot be told. */
bool cf_asleep_is_deaf(int tid, int signal);

#endif
