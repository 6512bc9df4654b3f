/* SPDX-License-Identifier: MIT */
#ifndef CF_EXIT_GUARD_H
#define CF_EXIT_GUARD_H

#include <stdbool.h>

#include "policy.h"

/*
 * exit_guard.h - the story of the end: when it begins, and that it has one.
 *
 * Floor 3. From the first of exit(), the return of main(), quick_exit() and a signal that
 * is to end the process, it has so long as the policy says. The program's handlers and
 * destructors run as ever, on its own thread. When it is still there then, a thread of
 * ours ends it, with the status that the program has chosen.
 *
 * Async-signal-safe; errno is left alone.
 */

/* Begin, once, with a policy that must outlive every call. When the time is over, over() is
   called in a thread of ours. */
void cf_exit_guard_begin(const struct cf_policy *policy, void (*over)(void));

/* The program has chosen its status: its end begins, unless it has begun. */
void cf_exit_guard_end(int status);

/* The program was sent a signal that is to end it: the same, without a status. */
void cf_exit_guard_end_by_signal(int number);

/* All handlers and destructors are through, what libc does last is left: writing what stdio
   holds. Nobody can tell the status of exit() before, where libc has called it itself. */
void cf_exit_guard_note_last(int status);

/* For over(): take the end over from the program. False when somebody has. */
bool cf_exit_guard_take_over(void);

/* For over(): tell what each thread waits in and, where libc would write them, how many
   bytes stdio still holds, and end the process: with its status, or, when
   it has chosen none, by the signal. Does not come back, which is not said to the compiler:
   a sanitizer would clean up a stack that it does not know. */
void cf_exit_guard_force(bool would_write);

/* Where the end has been taken over, whoever would leave by itself waits here for it; at
   most a second. */
void cf_exit_guard_stand_aside(void);

#endif
