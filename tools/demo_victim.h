/* SPDX-License-Identifier: MIT */
#ifndef DEMO_VICTIM_H
#define DEMO_VICTIM_H

/*
 * demo_victim.h - the programs that the demo runs, stock and under curfew.
 *
 * The status that each of them chooses once its cleanup has returned.
 */
#define DEMO_VICTIM_STATUS 7

/* How many handles of its file "handles" opens: 10,000, or what RLIMIT_NOFILE allows. */
int demo_victim_handles(void);

/*
 * Be the program `arguments[0]`: "read FILE", "write FILE", "handles FILE", "mapping FILE",
 * "watched -", "linger PORT", "left FILE", "handler -" or "pipe -". Returns its exit status: DEMO_VICTIM_STATUS, or 1 after
 * one line on stderr when it did not come as far as its cleanup.
 */
int demo_victim(int count, char **arguments);

#endif
