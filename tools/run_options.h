/* SPDX-License-Identifier: MIT */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"

/*
 * run_options.h - the command line of `curfew run`.
 */

struct run_options {
	const char *deadline[CF_CLASSES]; /* -t CLASS=DUR as typed; NULL: not given */
	const char *events;		  /* -e as typed; NULL: not given           */
	int64_t kill_after_ns;		  /* --kill-after; CF_NEVER: not given      */
	bool observe;
	bool strict;
	bool quiet;
	bool verbose;
	char **command; /* the program and its arguments, ends with NULL */
};

/*
 * Read the command line; argv[0] is the name for messages. Options end at the first
 * word that is none, so that the program's own options stay its own.
 *
 * ownership  *options points into argv.
 * errors     False after one line on stderr. --help and --version end the process.
 */
bool run_options_read(struct run_options *options, int argc, char **argv);

#endif
