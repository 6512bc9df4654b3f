/* SPDX-License-Identifier: MIT */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <sys/types.h>

/*
 * scratch.h - the place of a driver: a tmpfs in a mount namespace of its own, so
 * that nothing of a test outlives it, whatever becomes of it.
 *
 * One thread. Failures that the machine is not to blame for fail the test.
 */

/* Enter it, once. NULL, or the reason why this machine cannot. */
const char *scratch_enter(void);

/* Leave it to the kernel. */
void scratch_leave(void);

/* Its directory: everyone may read it, set-uid programs work in it. */
const char *scratch_directory(void);

/* "DIRECTORY/name". The string is good until scratch_leave(). */
const char *scratch_path(const char *name);

/* Make a file with this text; every user may write to it. */
void scratch_put(const char *path, const char *text);

/* The text of a file, "" when there is none; the caller frees it. */
char *scratch_text(const char *path);

/* Copy a program, with these permission bits. */
void scratch_copy(const char *from, const char *to, mode_t mode);

#endif
