/* SPDX-License-Identifier: MIT */
#ifndef LAUNCH_WITNESS_H
#define LAUNCH_WITNESS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * launch_witness.h - was this signal sent to our whole process group, or to us alone?
 *
 * The kernel does not say. A witness is a small child in the same group that blocks every
 * signal and does nothing: what the group got is pending there. There is at most
 * one; every function must be called with all signals blocked.
 */

/* Have a witness. Where none can be made, every signal counts as sent to us alone. */
void launch_witness_post(void);

/* Did the group get the signal that we have just taken? To be asked for each. The same
   signal again before the witness could be renewed counts as sent to us alone: twice is
   better than never. */
bool launch_witness_saw(int signal_number);

/* Exchange a witness that has seen something for a fresh one, as soon as no signal
   waits for us. Call before each wait. */
void launch_witness_renew(void);

/* This child has been reaped by somebody else: forget it, if it was the witness. */
void launch_witness_gone(pid_t child);

/* End the witness and reap it. */
void launch_witness_dismiss(void);

#endif
