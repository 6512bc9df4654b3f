/* SPDX-License-Identifier: MIT */
#ifndef CF_GOT_H
#define CF_GOT_H

#include <stdbool.h>

/*
 * got.h - put doors of ours into the slots through which libcurl, and nobody else, calls
 * its waits.
 *
 * Floor 2. "Called from libcurl" is so exact: also behind the interceptors of a
 * sanitizer or of another preload, where the return address is theirs.
 */

struct cf_slot {
	const char *name;   /* "poll" */
	void *door;	    /* NULL: only note what is held */
	void *_Atomic held; /* what the slots held before: the door calls it */
};

/* Begin, once, with a table that lives as long as the process. */
void cf_got_begin(struct cf_slot *slots, int count);

/*
 * Rewrite the slots of every libcurl that has been loaded since the last time.
 *
 * promise  A slot that holds something else than the first libcurl's did is left alone,
 *          and so is everything when the kernel refuses to let us write: these waits
 *          then have no deadline. Nothing is ever put back.
 * threads  Safe while others call through the slots. Takes the lock of the loader's
 *          list.
 */
void cf_got_attach(void);

#endif
