/* SPDX-License-Identifier: MIT */
#ifndef CF_UNDERTAKER_H
#define CF_UNDERTAKER_H

/*
 * undertaker.h - let go of what a stuck hand would keep when its program is gone.
 *
 * Floor 2. A hand that never comes back keeps the program's fd table: its pipes,
 * locks and ports. So one more task watches, from the first slow call until none is
 * under way. When the table is no longer the program's (it exited, was killed,
 * or exec'ed) the undertaker closes it number by number, what cannot hang first; then it
 * gives back the memory, which the hand would keep as well: all but what tasks of ours
 * need. Not so a vfork child's, whose memory is its parent's; nor while somebody else runs
 * in it (see sharers.h), or where that cannot be told.
 *
 * It looks every 10 ms, holds no fd, and touches nothing while the program lives.
 */

/*
 * Have an undertaker watch the table of the calling process, unless one does.
 * `slow` counts the calls that take long; the undertaker leaves when it is 0.
 *
 * errors   None: without a task the program goes on, and its pipes and locks stay
 *          with a stuck hand until the server answers.
 * signals  Async-signal-safe. errno is left alone.
 */
void cf_undertaker_watch(const _Atomic int *slow);

/*
 * Unless a call is slow: let the undertakers of the calling process go, whatever they were
 * posted for, and wait until they have ended: what the process leaves is then free as soon
 * as it has ended itself. For its end.
 *
 * time     At most 100 ms for each; nearly always much less.
 * errors   None. A call that gets slow meanwhile keeps its undertaker.
 * signals  Async-signal-safe. errno is left alone.
 */
void cf_undertaker_dismiss(const _Atomic int *slow);

/* A forked child has no undertaker. */
void cf_undertaker_after_fork(void);

#endif
