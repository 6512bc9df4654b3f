/* SPDX-License-Identifier: MIT */
#ifndef CF_EXIT_GUARD_H
#define CF_EXIT_GUARD_H

#include "policy.h"

/*
 * exit_guard.h - the story of the end: the kernel closes what is still open, and must not
 * wait for a server then.
 *
 * Floor 3.
 */

/* Begin, once, with a policy that must outlive every call. */
void cf_exit_guard_begin(const struct cf_policy *policy);

/*
 * The process is about to end. What is open or mapped on a server is flushed by hands, each
 * within the deadline of its class and on a sick mount not at all; if that could not be
 * done, the kernel is left nothing to close.
 *
 * In a vfork child, whose memory is its parent's, only the last is done. In observe mode
 * nothing is, nor in a process that has had to do with no server: no system call is made
 * then. stdio, which has not written all yet, and files with POSIX locks are left alone.
 * Async-signal-safe; errno is left alone.
 */
void cf_exit_guard_leave(void);

#endif
