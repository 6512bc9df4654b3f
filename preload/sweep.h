/* SPDX-License-Identifier: MIT */
#ifndef CF_SWEEP_H
#define CF_SWEEP_H

#include <stdbool.h>

#include "policy.h"

/*
 * sweep.h - the story of what is still open at the end: the kernel closes it, and must not
 * wait for a server then.
 *
 * Floor 3. What is open or mapped on a server is flushed by hands, all at once, each within
 * the deadline of its class and all within that of the end; on a sick mount nobody waits.
 * If that could not be done, an undertaker does it when the process is gone, and the
 * kernel is left nothing to close.
 *
 * In a vfork child, whose memory is its parent's, only the last is done. In observe mode
 * nothing is; nor, without a system call, in a program that has confined itself and had to
 * do with no server before. Async-signal-safe; errno is left alone.
 */

/* Begin, once, with a policy that must outlive every call. */
void cf_sweep_begin(const struct cf_policy *policy);

/* After every handler and destructor: what stdio holds for files on servers is written, too,
   before libc does it. */
void cf_sweep_last(void);

/* For _exit(), which leaves stdio alone. */
void cf_sweep_leave(void);

/* Past the deadline: for a moment; if so, with what stdio holds for anybody. */
void cf_sweep_in_haste(bool with_streams);

#endif
