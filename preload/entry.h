/* SPDX-License-Identifier: MIT */
#ifndef CF_ENTRY_H
#define CF_ENTRY_H

#include <stdbool.h>

/*
 * entry.h - the threshold that all doors share. Floor 4.
 */

/* What makes a function visible to the program; everything else is hidden. */
#define CF_DOOR __attribute__((visibility("default")))

/* Who has called a door, and where its frame is: in the door itself only. */
#define CF_CALLER __builtin_return_address(0)
#define CF_FRAME  __builtin_frame_address(0)

/*
 * Whether a call may come in. No before we are ready, when the user said `off`, in a
 * set-uid program, and in a signal handler that has interrupted us inside a lock:
 * the door is then the plain function. The first yes in a forked child comes after what
 * was its parent's has been dropped.
 */
bool cf_entry_may_enter(void);

/* Our own close(), whichever stands first in this process. */
int cf_door_close(int fd);

/* Begin, once, with a policy that must outlive every call: what the doors of the end and of
   signals lead to. */
struct cf_policy;
void cf_door_exit_begin(const struct cf_policy *policy);

/* Begin, once: what is to run before each of the first 64 handlers that the program
   registers from now on. */
void cf_door_handler_begin(void (*first)(int status, void *unused));

/* Begin, once: what dlsym() hands out, and how dlopen() is called. */
void cf_door_dl_begin(const struct cf_policy *policy);

/* Begin, once: say which slots of a libcurl are to lead to the doors of door_wait.c. */
void cf_door_wait_begin(void);

#endif
