/* SPDX-License-Identifier: MIT */
#ifndef CF_SEAL_H
#define CF_SEAL_H

#include <stdbool.h>

/*
 * seal.h - take from a task of ours what it will never need.
 *
 * Floor 0. A task keeps the privileges of its birth in memory that it shares with
 * a program that may drop its own. So a privileged one sets no_new_privs and a
 * seccomp filter that refuses (EPERM) all but a few calls. Raw, like errand.h;
 * what the kernel refuses is ignored: the task is then as it was.
 */

/* Seal a hand: `number`, what it takes to close and unmap what is parked, clock_gettime,
   clock_nanosleep, exit; if it writes, write and lseek. */
void cf_seal_hand(long number, bool writes);

/* Seal a recorder, whose file is open: write, clock_gettime, clock_nanosleep, exit. */
void cf_seal_recorder(void);

/* Seal an undertaker: close, close_range, statx, setsockopt, kcmp, getppid, munmap, futex,
   clock_gettime, clock_nanosleep, exit; openat of directories, to list them, getdents64. */
void cf_seal_undertaker(void);

#endif
