/* SPDX-License-Identifier: MIT */
#ifndef LAUNCH_ENDING_H
#define LAUNCH_ENDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launch.h"

/*
 * launch_ending.h - a program that is to end: its grace, SIGKILL after it, and what we say
 * when even that does not end it.
 *
 * All times are lengths that count down while we wait; CF_NEVER does not count. Time in
 * which we were stopped, as we are with the program, is not counted.
 */

struct launch_ending {
	const struct launch_order *order;
	pid_t program;
	int asked_by;	     /* the signal that began the grace; 0: none yet        */
	int64_t grace_ns;    /* until SIGKILL                                       */
	int64_t patience_ns; /* until we look what keeps it: it should be gone      */
	bool is_cut;	     /* it has had our SIGKILL                              */
	bool is_doomed;	     /* it has been ended, by us or by the library          */
};

/* A program that nobody has asked to end yet. */
void launch_ending_begin(struct launch_ending *ending, const struct launch_order *order,
			 pid_t program);

/* How long the next wait may take; CF_NEVER when nothing is due. */
int64_t launch_ending_wait_ns(const struct launch_ending *ending);

/* The program has had this signal. The first SIGTERM, SIGINT or SIGHUP begins the grace,
   unless it was ignored when we were started. */
void launch_ending_hear(struct launch_ending *ending, int signal_number);

/* A wait of `length_ns` is over after `passed_ns`: do what is due. */
void launch_ending_pass(struct launch_ending *ending, int64_t passed_ns,
			int64_t length_ns);

#endif
