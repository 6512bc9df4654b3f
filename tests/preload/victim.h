/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_H
#define VICTIM_H

#include "marks.h"

/*
 * victim.h - what the victims are made of: ordinary programs that know nothing of
 * the library and tell what they saw by their marks.
 *
 * One process, any thread. Whatever goes wrong that is not the subject of a test
 * ends the victim with status 99 and a line on stderr.
 */

struct victim_verb {
	const char *name;
	int (*run)(char **arguments); /* returns the exit status */
};

/* The page that is shared with the driver; private memory when there is none. */
extern struct marks *victim_marks;

/* Map the marks and run the verb argv[1]; `verbs` ends with a NULL name. */
int victim_run(const struct victim_verb *verbs, char **argv);

/* End with status 99 and errno's text unless `ok`. */
void victim_need(int ok, const char *what);

/* open(2); ends the victim when that fails. */
int victim_open(const char *path, int flags);

/* close(2) with its time, result and errno in mark number `slot`. Returns its result. */
int victim_close(int slot, int fd);

/* Begin and end any other measured call. */
void victim_begin(int slot);
void victim_end(int slot, int result);

/* Tell the driver that step `step` is reached. */
void victim_step(int step);

/* Wait until the driver lets the victim go to `go`; at most 60 s. */
void victim_await(int go);

/* Note the time and return `status`, for the last line of a verb. */
int victim_leave(int status);

#endif
