/* SPDX-License-Identifier: MIT */
#ifndef CF_CLEANUP_H
#define CF_CLEANUP_H

#include "policy.h"

/*
 * cleanup.h - the story of a handed-over close: look, decide, have it done in time.
 *
 * Floor 3.
 */

/* Begin, once, with a policy that must outlive every call. */
void cf_cleanup_begin(const struct cf_policy *policy);

/*
 * close(fd), bounded by the deadline of its class.
 *
 * result   As close(2): 0, or -1 and errno. A close that cannot hang is the real one,
 *          made by the caller. A bounded one that finished has the kernel's own
 *          answer; one that expired has the answer of its class.
 * errno    Set on failure only.
 * threads  A cancellation point at its beginning, not while a hand holds the call.
 * signals  Async-signal-safe.
 */
int cf_cleanup_fd(int fd);

#endif
