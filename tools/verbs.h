/* SPDX-License-Identifier: MIT */
#ifndef VERBS_H
#define VERBS_H

/*
 * verbs.h - the verbs of the command `curfew`, one file each, and how it ends.
 *
 * A verb is called like a main(): argv[0] is the full name for messages
 * ("curfew run"), the rest is what the user typed after it. It returns the exit
 * status of the command.
 */

enum {
	EXIT_CUT = 124,		/* --strict: a cleanup was cut, the program gave 0 */
	EXIT_OWN_FAILURE = 125, /* curfew itself could not do what was asked       */
	EXIT_CANNOT_RUN = 126,	/* the program is there and cannot be executed     */
	EXIT_NOT_FOUND = 127,	/* there is no such program                        */
	EXIT_KILLED = 137	/* --kill-after: the program had to be killed      */
};

/* Run a program under the library; its own status. May end by the program's signal. */
int run_verb(int argc, char **argv);

/* Show real hangs, first stock and then under curfew. */
int demo_verb(int argc, char **argv);

#endif
