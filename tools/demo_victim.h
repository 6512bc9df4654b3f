/* SPDX-License-Identifier: MIT */
#ifndef DEMO_VICTIM_H
#define DEMO_VICTIM_H

/*
 * demo_victim.h - the programs that the demo runs, stock and under curfew.
 *
 * The status that each of them chooses once its close has returned.
 */
#define DEMO_VICTIM_STATUS 7

/*
 * Be the program `arguments[0]`: "read FILE", "write FILE" or "linger PORT".
 * Returns its exit status: DEMO_VICTIM_STATUS, or 1 after one line on stderr when it
 * did not come as far as its close.
 */
int demo_victim(int count, char **arguments);

#endif
