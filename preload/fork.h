/* SPDX-License-Identifier: MIT */
#ifndef CF_FORK_H
#define CF_FORK_H

#include <stdbool.h>

/*
 * fork.h - notice that this is a forked child, without asking the kernel.
 *
 * Floor 0. Rests on pages that the kernel wipes in a child that gets a copy of
 * the memory (MADV_WIPEONFORK, Linux 4.14): right for fork, raw clone and _Fork
 * alike, while a vfork child, which shares the memory, is not mistaken for one.
 */

/* Begin to watch, once, before anything else of ours runs. False when the kernel cannot. */
bool cf_fork_begin(void);

/* Have reset() run in each new process, in the order of these calls. Only at the
   beginning, while there is one thread. False when there are eight already. */
bool cf_fork_on_child(void (*reset)(void));

/*
 * Make sure that this process has dropped what belongs to its parent: the first
 * caller in a new process runs every reset().
 *
 * errors   False while another thread, or the code that a signal handler has
 *          interrupted, is still at it: the caller then stands aside.
 * signals  Async-signal-safe when each reset() is.
 */
bool cf_fork_settle(void);

/*
 * Whether the calling thread is one of the process that owns the memory: not so in a vfork
 * child, whose memory is its parent's. False as well where the kernel does not tell, and in
 * a child of the raw system call. Async-signal-safe; errno is left alone.
 */
bool cf_fork_is_own_process(void);

/* Have the kernel wipe these pages in a forked child. False when it will not. */
bool cf_fork_wipe(void *pages, unsigned long size);

#endif
