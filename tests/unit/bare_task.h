/* SPDX-License-Identifier: MIT */
#ifndef BARE_TASK_H
#define BARE_TASK_H

#include <stdint.h>

/*
 * bare_task.h - tasks for tests: one that seals itself and then tries calls, one that
 * begins late, one that gives its program's memory back. Their code is built as that of
 * every task of ours: without libc, stack protector and sanitizer.
 */

#define BARE_MOST_TRIES 24
#define BARE_MOST_LOOKS 8

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

struct bare_range {
	uintptr_t start, end;
};

struct bare_heir {
	int owner;			  /* the process that started it               */
	int fd;				  /* where it tells                            */
	struct bare_range risky[2];	  /* in order; `end` 0: none                   */
	uintptr_t looks[BARE_MOST_LOOKS]; /* addresses, the rest 0                    */
};

/* Wait until the owner is gone, give back its memory and write to `fd`, for each look, `+`
   if it is still mapped, else `-`; then give back what is risky and write once more. Fits
   cf_task_start(); one at a time in a process. */
void bare_inherit(void *room);

/* Run bare_late_work(room), 200 ms late. Fits cf_task_start(). */
extern void (*bare_late_work)(void *room);
void bare_run_late(void *room);

#endif
