/* SPDX-License-Identifier: MIT */
#ifndef DEMO_HANGS_H
#define DEMO_HANGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * demo_hangs.h - the rows of the demo: what hangs, how it is made, how long it may take.
 *
 * Plain data. One thread only.
 */

struct demo_hang {
	const char *label[2]; /* at most 24 columns each                               */
	bool uses_libcurl;    /* the victim is the program with libcurl, not ourselves */
	char *victim;	      /* which of its programs                                 */
	/* Make the hang, and write to `argument` what the victim is to be told. NULL, or why
	   that cannot be done here: good until the next call. A NULL function: the victim
	   makes it itself. */
	const char *(*set)(char *argument, size_t bytes);
	void (*free)(
		void);	  /* undo it, also after a set that failed; NULL: nothing to do */
	int64_t bound_ns; /* how long the victim may take: its own work, its deadlines  */
	const char
		*setting; /* what curfew is told for this one; NULL: its defaults       */
};

/* All of them, in the order in which they are shown. */
const struct demo_hang *demo_hangs_list(size_t *count);

#endif
