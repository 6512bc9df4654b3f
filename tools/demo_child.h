/* SPDX-License-Identifier: MIT */
#ifndef DEMO_CHILD_H
#define DEMO_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "clock.h"

/*
 * demo_child.h - one process that the demo starts: a victim or a server.
 *
 * A child never outlives the demo, however that one ends: it is born with a
 * SIGKILL for the death of its parent. Its stdin and stdout are /dev/null; what it
 * writes to stderr is kept. One thread only.
 */

struct demo_child {
	pid_t pid;
	int pidfd;
	int said; /* a memory file: its stderr */
};

struct demo_launch {
	const char *path;
	char *const *arguments;
	const char *library; /* to preload; NULL: none, nor any of the demo's own */
	const char *setting; /* NAME=VALUE for its environment; NULL: none        */
	int passed;	     /* a descriptor that it inherits; -1: none           */
};

/*
 * Start one. False with errno set when that is not possible; else the caller owes
 * a demo_child_end(). The options of curfew in the demo's own environment do not
 * reach it.
 */
bool demo_child_start(struct demo_child *child, const struct demo_launch *launch);

/* Wait for its end until `deadline`. Returns whether it has ended. */
bool demo_child_wait(const struct demo_child *child, cf_instant deadline);

/*
 * The first line on its stderr that begins with `start`, without the newline; an
 * empty string when there is none.
 */
void demo_child_line(const struct demo_child *child, const char *start, char *line,
		     size_t bytes);

/*
 * SIGKILL it when it still runs, wait for its end and release what it held of ours.
 * Returns its status as waitpid() gives it. Waits without a limit: what may hold it
 * in the kernel has to be freed before.
 */
int demo_child_end(struct demo_child *child);

#endif
