/* SPDX-License-Identifier: MIT */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * launch.h - run a program as if it had been started in our place, and end as it did.
 *
 * The program keeps our process group, terminal, descriptors, signal mask and
 * dispositions as they were given to us. launch_follow.h has its life in between.
 */

struct run_record;

struct launch_order {
	char **command;		   /* ends with NULL                               */
	int64_t kill_after_ns;	   /* from its first SIGTERM, SIGINT or SIGHUP to
				      SIGKILL; CF_NEVER: never                     */
	struct run_record *record; /* tells when the library has ended the program */
	bool quiet;		   /* not a word on stderr                         */
};

struct launch_end {
	pid_t pid;	 /* of the program; -1: no process could be made       */
	int error;	 /* why it could not be made or executed; 0: it did run */
	int wait_status; /* as waitpid() gives it, if it did run               */
	bool is_cut;	 /* it was still there then, and has had our SIGKILL   */
};

/*
 * From here on signals wait for launch(), so that none ends us before what we have
 * made is cleaned up. Call once, before launch().
 */
void launch_hold_signals(void);

/*
 * Run command[0], looked up as execvp() does, and follow it to its end. If we are
 * killed meanwhile the program is killed too: whoever does that means the program.
 * What nothing can end is said, and waited for.
 */
struct launch_end launch(const struct launch_order *order);

/* The exit status that stands for this ending. When a signal ended the program, the
   same signal ends us here, without another core dump. */
int launch_leave(int wait_status);

#endif
