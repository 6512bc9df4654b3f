/* SPDX-License-Identifier: MIT */
#ifndef CF_ENTRY_H
#define CF_ENTRY_H

#include <stdbool.h>

/*
 * entry.h - the threshold that all doors share. Floor 4.
 */

/* What makes a function visible to the program; everything else is hidden. */
#define CF_DOOR __attribute__((visibility("default")))

/*
 * Whether a call may come in. No before we are ready, when the user said `off`, in a
 * set-uid program, and in a signal handler that has interrupted us inside a lock:
 * the door is then the plain function.
 */
bool cf_entry_may_enter(void);

#endif
