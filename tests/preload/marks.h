/* SPDX-License-Identifier: MIT */
#ifndef MARKS_H
#define MARKS_H

#include <stdint.h>

/*
 * marks.h - the page that a victim and its driver share: what was measured, and
 * how far each lets the other go.
 *
 * The driver names the file in CURFEW_TEST_MARKS. Every field is one word that is
 * read and written with C11 atomics. Times are nanoseconds on CLOCK_MONOTONIC, 0 is
 * "not yet".
 */

#define MARKS_CALLS   6
#define MARKS_NUMBERS 6

struct mark {
	_Atomic int64_t began_ns;
	_Atomic int64_t ended_ns;
	_Atomic int result;
	_Atomic int error; /* errno afterwards; it was MARKS_ERRNO before */
};

#define MARKS_ERRNO   33 /* EDOM: no close sets it       */
#define VICTIM_STATUS 7	 /* of a victim that came through */

struct marks {
	_Atomic int step; /* written by the victim: how far it has come */
	_Atomic int go;	  /* written by the driver: how far it may come */
	struct mark call[MARKS_CALLS];
	_Atomic int64_t number[MARKS_NUMBERS]; /* what else a verb has to tell */
	_Atomic int64_t left_ns;	       /* when it set out to leave     */
};

#endif
