/* SPDX-License-Identifier: MIT */
#ifndef RUN_RECORD_H
#define RUN_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * run_record.h - the event file of the command's own, CURFEW_RUN: the library in the
 * program and in its children writes it, we read it when the program is gone.
 */

struct run_record {
	char path[PATH_MAX];
	FILE *file; /* not inherited by the program */
};

struct run_findings {
	bool loaded;	/* the library came up in the program that we started */
	unsigned loads; /* and so many times in all                           */
	unsigned cut;	/* cleanups that their deadline has cut               */
	unsigned would; /* cleanups that it would have cut, under --observe   */
};

/*
 * Make the file, readable by its owner alone, in TMPDIR or /tmp, and put its name
 * into the environment.
 *
 * errors  False after one line on stderr.
 */
bool run_record_begin(struct run_record *record);

/*
 * Has the library, since the last question, recorded that it ends the program with this
 * pid itself, at the deadline of its exit?
 */
bool run_record_tells_end(struct run_record *record, pid_t program);

/*
 * Read what was written about the program with this pid, and remove the file. Lines
 * that are no events of ours are passed over.
 *
 * time  A task of the library writes the lines; on a busy machine one may come a moment
 *       after the end of the program. We wait up to patience_ms for the one that says
 *       that the library was loaded.
 */
struct run_findings run_record_end(const struct run_record *record, pid_t program,
				   int patience_ms);

#endif
