/* SPDX-License-Identifier: MIT */
#ifndef CF_SEAL_H
#define CF_SEAL_H

#include <fcntl.h>

/*
 * seal.h - take from a task of ours what it will never need.
 *
 * Floor 0. A task keeps the privileges of its birth in memory that it shares with
 * a program that may drop its own. So a privileged one sets no_new_privs and a
 * seccomp filter that refuses (EPERM) all but a few calls. Raw, like errand.h;
 * what the kernel refuses is ignored: the task is then as it was.
 */

/* The only way in which a sealed hand may open a file. */
#define CF_SEAL_OPEN_FLAGS                                                               \
	(O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Seal a hand: `number`, close, write, clock_gettime, exit, and openat as above. */
void cf_seal_hand(long number);

/* Seal an undertaker: close, statx, fcntl, getsockopt, kcmp, getppid, nanosleep, exit. */
void cf_seal_undertaker(void);

#endif
