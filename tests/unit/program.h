/* SPDX-License-Identifier: MIT */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "gate.h"

/*
 * program.h - a forked process with a stuck hand and an undertaker, whose pipe tells
 * its parent when nobody holds it any more.
 */

struct program {
	pid_t pid;
	int told;	  /* end of file once nobody holds the program's end */
	int kept;	  /* the program's end; -1 in the parent             */
	struct gate gate; /* what its hand is stuck in; freed by the parent  */
};

/* Start one: body(program) runs in it, once its hand is stuck and watched, and must not
   return. It tells that it is there by a byte, which has been read. */
struct program program_start(void (*body)(struct program *program));

/* The same without hand and undertaker: the body sees to them. */
struct program program_start_free(void (*body)(struct program *program));

/* In a program: have a hand get stuck; then have an undertaker watch, too, and wait until
   it does. False when no hand was stuck. */
bool program_get_stuck(const struct program *program);
bool program_get_watched(const struct program *program);

/* In a program: a byte for the parent. */
void program_tell(const struct program *program);

/* Whether there is a byte, or the end of file, within so long. */
bool program_has_told(const struct program *program, int within_ms);
bool program_has_let_go(const struct program *program, int within_ms);

/* Whether the process is still there. */
bool program_runs(const struct program *program);

/* Let its hand go, and wait for its end. Returns the status of waitpid(). */
int program_end(struct program *program);

#endif
