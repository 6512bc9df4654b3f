/* SPDX-License-Identifier: MIT */
#ifndef CF_SCARCE_H
#define CF_SCARCE_H

#include <stdbool.h>

/*
 * scarce.h - whether this process may have threads of ours besides its own.
 *
 * Floor 0. Safe from any thread; errno is left alone.
 */

/* A limit on its memory, a low one on its tasks, or a thread of its own that could not be
   made: then not. */
bool cf_scarce_threads(void);

/* A thread of its own could not be made. */
void cf_scarce_note(void);

#endif
