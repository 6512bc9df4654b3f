/* SPDX-License-Identifier: MIT */
#ifndef CF_ERRAND_H
#define CF_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parked_ranges.h"
#include "write_back.h"

/*
 * errand.h - what a hand does, from its first instruction to its last.
 *
 * Floor 0. An errand is data: one system call, or pages to write back, whom to tell that
 * it is done, and the line to write if nobody waits any more. A hand that nobody waits for
 * then works off what is parked on its mount. The code that runs it has no libc: raw system
 * calls, no errno, no TLS, no stack protector, no sanitizer.
 */

#define CF_ERRAND_LINE_BYTES 4096
#define CF_ERRAND_TASK_NAME  "curfew-hand"

struct cf_call {
	long number;	  /* SYS_close, ...                                   */
	long argument[4]; /* as the kernel takes them: data, no pointers to code */
};

/* What a hand is sent for. */
enum cf_errand_kind {
	CF_ERRAND_CALL,	      /* the call                               */
	CF_ERRAND_WRITE_BACK, /* the pages                              */
	CF_ERRAND_UNMAP,      /* the pages of the range, and its munmap */
	CF_ERRAND_WORK_OFF,   /* nothing but what is parked             */
	CF_ERRAND_WRITE	      /* bytes of a stdio stream, then the call */
};

/* Bytes that the program has handed to stdio, and stdio to nobody yet. */
struct cf_bytes {
	const char *at; /* NULL: none. In memory that is kept (see keep.h)    */
	size_t count;
	int fd;
	long back; /* by how much the file offset is past where they belong */
	const struct cf_bytes
		*next; /* others for the same file, to be written next, or NULL */
};

/* The line that is written when the hand of an expired call comes back (see late.h). */
struct cf_late {
	const char *path; /* the events file; NULL: no line */
	char body[CF_ERRAND_LINE_BYTES -
		  512]; /* what stands between time and waited_ms */
};

/* Counters that the return of a call changes; those of the mount may be NULL. */
struct cf_tally {
	_Atomic int *under_way;	   /* minus one                                      */
	_Atomic int64_t *sick_ns;  /* 0: the mount answers again                     */
	_Atomic unsigned *returns; /* plus one                                      */
	_Atomic int *slow;	   /* minus one, if the call was counted as slow     */
};

enum cf_errand_state {
	CF_ERRAND_UNDER_WAY, /* the caller waits              */
	CF_ERRAND_DONE,	     /* the call returned; see result */
	CF_ERRAND_ABANDONED, /* the caller has been released  */
	CF_ERRAND_RETURNED   /* abandoned, back, and its late line is not written yet */
};

struct cf_errand {
	enum cf_errand_kind kind;
	struct cf_call call;
	struct cf_write_back pages;
	struct cf_parked_range *range;
	struct cf_bytes
		bytes; /* of CF_ERRAND_WRITE, whose call may be no call: number -1 */
	const void *works_off; /* what is parked on this mount; NULL: nothing     */
	_Atomic int parked_fd; /* which it closes just now; -1: none              */
	struct cf_parked_range *_Atomic parked_range; /* the same; NULL: none     */
	_Atomic int state;
	_Atomic long result; /* as the kernel returned it: >= 0 or -errno */
	long written;	     /* of CF_ERRAND_UNMAP: what cf_write_back() has returned */
	bool is_privileged;  /* the hand must confine itself first        */
	_Atomic int slow;    /* 0 not counted as slow, 1 counted, 2 back  */
	_Atomic int is_counted; /* in tally.under_way */
	int64_t started_ns;	/* on CLOCK_MONOTONIC                        */
	int64_t ended_ns;
	struct cf_tally tally;
	struct cf_late late;
};

/*
 * Run the errand at `room` in a bare task (see cf_task_start).
 *
 * Leaves the caller's process group and file system context first, so that
 * neither a signal to the group ends it nor an exec of a set-uid program is
 * degraded by it. With privileges it seals itself: the program may drop its own
 * later, and the memory is shared.
 */
void cf_errand_run(void *room);

/* Write the bytes, and what hangs on them, on the caller's own task. 0, or the first error.
   May wait as long as the kernel does. */
long cf_errand_write(const struct cf_bytes *bytes);

/* Count a call as slow in its tally, once; it is counted back when it returns. */
void cf_errand_count_slow(struct cf_errand *errand);

/*
 * Whether the room of an errand whose task has ended may be used again: true but
 * while its late line waits to be written. Counts a hand out that was ended from
 * outside, and parks again what it was at. Fits cf_task_leave().
 */
bool cf_errand_is_over(void *room);

#endif
