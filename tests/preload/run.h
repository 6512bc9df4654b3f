/* SPDX-License-Identifier: MIT */
#ifndef RUN_H
#define RUN_H

#include <stdint.h>
#include <sys/types.h>

#include "marks.h"

/*
 * run.h - start a program, stock or preloaded, and see how it fares.
 *
 * One thread. The driver itself is never preloaded. A program that is started here
 * leads a process group of its own, ends with the driver, and writes its marks and
 * events into the scratch directory. Nothing here waits without a bound.
 */

#define RUN_VICTIM(name)   CURFEW_TEST_PROGRAMS "/victim_" name
#define RUN_MOST_ARGUMENTS 16
#define RUN_MOST_VARIABLES 8
#define RUN_SIGNALLED	   128 /* plus the signal that ended it: its status */

struct run_order {
	const char *program;
	const char
		*arguments[RUN_MOST_ARGUMENTS]; /* without the program; ends with NULL */
	const char
		*variables[RUN_MOST_VARIABLES]; /* "NAME=value"; ends with NULL        */
	int is_stock;				/* without the library                 */
};

struct running {
	pid_t pid;
	int handle;	     /* pidfd                                   */
	int output;	     /* read end of its stdout, non-blocking     */
	struct marks *marks; /* also after its end                      */
	const char *events;  /* path of its events file                 */
	const char *errors;  /* path of what it wrote to stderr         */
	int is_reaped;
	int64_t reaped_ns;
};

/* Start it. Good until the driver ends; freed by run_end_all(). */
struct running *run_start(const struct run_order *order);

/* Wait for its end; fails the test, with what it wrote to stderr, when it is still there
   after so long or its status is another. */
void run_assert_ends(struct running *running, int within_ms, int status);

/* Whether it has ended by itself, now. */
int run_has_ended(const struct running *running);

/* Wait until the victim has come to this step; or until its call number `slot` has
   returned. Both fail the test after so long. */
void run_await_step(struct running *running, int step, int within_ms);
void run_await_call(struct running *running, int slot, int within_ms);

/* Let the victim go on. */
void run_let_go(struct running *running, int go);

/* Wait for the end of file on its stdout (what comes before is thrown away) and return
   the instant; fails the test after so long. */
int64_t run_await_end_of_output(struct running *running, int within_ms);

/* What it has written to stdout so far, at most a pipe's capacity; static. */
const char *run_output(struct running *running);

/* "LD_PRELOAD=..." as every preloaded program gets it. */
const char *run_preload(void);

/* End everything that is still there, once the mounts are free. False when something
   is there even after SIGKILL. */
int run_end_all(void);

#endif
