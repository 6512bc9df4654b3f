/* SPDX-License-Identifier: MIT */
#ifndef REFUSAL_H
#define REFUSAL_H

/*
 * refusal.h - have the kernel refuse this process one thing, as a small or locked
 * down machine would.
 */

/* From now on this system call fails with `error`, in this process and its children. */
void refusal_of_call(long number, int error);

/* From now on, until refusal_ends(), there is no more memory; or no more fd number. */
void refusal_of_memory(void);
void refusal_of_numbers(void);
void refusal_ends(void);

#endif
