/* SPDX-License-Identifier: MIT */
#ifndef CF_LATE_H
#define CF_LATE_H

#include "errand.h"

/*
 * late.h - write a line when the hand of an expired call comes back, also after the
 * process is gone.
 *
 * Floor 0. One task, the recorder, opens the events file when the first call has
 * expired, in an fd table of its own, so that it takes no number from the program. Of the
 * program's it holds copies of those of the first 64 files whose close could wait for a
 * server.
 * Privileged, it then seals itself to writing. It looks
 * every 10 ms at the errands that were enrolled and ends with the last of them.
 */

/*
 * Enrol an abandoned errand whose late.path is set. The errand's state passes from
 * RETURNED to DONE when its line is written.
 *
 * errors   No recorder, or 1,024 errands enrolled: late.path is cleared, no line.
 * signals  Async-signal-safe. errno is left alone.
 */
void cf_late_enrol(struct cf_errand *errand);

/* A forked child has no recorder. */
void cf_late_after_fork(void);

#endif
