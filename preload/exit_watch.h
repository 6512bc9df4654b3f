/* SPDX-License-Identifier: MIT */
#ifndef CF_EXIT_WATCH_H
#define CF_EXIT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * exit_watch.h - a thread that waits while the process ends, and acts when that takes too
 * long.
 *
 * Floor 2. It is a thread to the kernel and to nobody else: made without libc, so also by
 * exit() in a signal handler that has interrupted malloc or the making of a thread; on a
 * stack of ours, with every signal blocked. It ends with the process.
 */

/* Once, at the start of the program: the thread pointer of its first thread, whose
   thread-local memory stays, whichever thread ends. The thread of ours is to have it. */
void cf_exit_watch_prepare(void *pointer);

/*
 * Have over() called 10 ms past the instant *until, unless somebody waits for that already.
 * Time in which the process is stopped is added to it.
 *
 * over()  Runs in that thread, which has the thread-local memory of the program's first one
 *         (or the caller's, in a library that was loaded late): its errno and the like
 *         are nobody's any more when the process ends.
 * errors  False where no thread can be made: the end has no deadline then.
 * signals Async-signal-safe; errno is left alone.
 */
bool cf_exit_watch_begin(_Atomic int64_t *until, void (*over)(void));

/* A forked child has no such thread. */
void cf_exit_watch_after_fork(void);

#endif
