/* SPDX-License-Identifier: MIT */
#ifndef CF_ERRAND_H
#define CF_ERRAND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * errand.h - what a hand does, from its first instruction to its last.
 *
 * Floor 0. An errand is data: one system call, whom to tell that it returned, and
 * the line to write if nobody waits any more. The code that runs it has no libc:
 * raw system calls, no errno, no TLS, no stack protector, no sanitizer.
 */

#define CF_ERRAND_LINE_BYTES 4096

struct cf_call {
	long number;	  /* SYS_close, ...                                   */
	long argument[4]; /* as the kernel takes them: data, no pointers to code */
};

/* What the hand of an expired call writes when it comes back. */
struct cf_late {
	const char *path;	  /* the events file, absolute; NULL for none */
	const char *jail;	  /* its directory                            */
	const char *path_in_jail; /* the file seen from there, "/name"       */
	char body[CF_ERRAND_LINE_BYTES - 512]; /* the line between time and waited_ms */
};

/* Counters that the return of a call changes; all may be NULL. */
struct cf_tally {
	_Atomic int *under_way;	  /* minus one                           */
	_Atomic int64_t *sick_ns; /* 0: the mount answers again          */
	_Atomic int *stuck;	  /* minus one, if it had been abandoned */
};

enum cf_errand_state {
	CF_ERRAND_UNDER_WAY, /* the caller waits              */
	CF_ERRAND_DONE,	     /* the call returned; see result */
	CF_ERRAND_ABANDONED  /* the caller has been released  */
};

struct cf_errand {
	struct cf_call call;
	_Atomic int state;
	_Atomic long result; /* as the kernel returned it: >= 0 or -errno */
	bool is_privileged;  /* the hand must confine itself first        */
	int64_t started_ns;  /* on CLOCK_MONOTONIC                        */
	struct cf_tally tally;
	struct cf_late late;
};

/*
 * Run the errand at `room` in a bare task (see cf_task_start).
 *
 * Leaves the caller's process group and file system context first, so that
 * neither a signal to the group ends it nor an exec of a set-uid program is
 * degraded by it. With privileges it confines itself for good to the few calls of
 * this file: the program may drop its own later, and the memory is shared. The
 * one file that it may still open is for appending, inside the directory of the
 * events file, which it makes its root.
 */
void cf_errand_run(void *room);

/* A hand has ended without coming back (SIGKILL): count it out. Fits cf_task_leave(). */
void cf_errand_lost(void *room);

#endif
