/* SPDX-License-Identifier: MIT */
#ifndef BARE_TASK_H
#define BARE_TASK_H

/*
 * bare_task.h - tasks for tests: one that seals itself and then tries calls, one that
 * begins late. Their code is built as that of every task of ours: without libc, stack
 * protector and sanitizer.
 */

#define BARE_MOST_TRIES 24

struct bare_try {
	long number;
	long argument[4];
	long result; /* as the kernel returned it */
};

enum bare_as { BARE_HAND, BARE_RECORDER, BARE_UNDERTAKER };

struct bare {
	enum bare_as as;
	long own_number; /* the one call of a hand */
	int count;
	struct bare_try tries[BARE_MOST_TRIES];
};

/* Seal this task, then make every call in turn. Fits cf_task_start(). */
void bare_run(void *room);

/* Run bare_late_work(room), 200 ms late. Fits cf_task_start(). */
extern void (*bare_late_work)(void *room);
void bare_run_late(void *room);

#endif
