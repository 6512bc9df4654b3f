/* SPDX-License-Identifier: MIT */
#ifndef CF_WRITE_BACK_H
#define CF_WRITE_BACK_H

#include <stddef.h>
#include <stdint.h>

#include "identity.h"

/*
 * write_back.h - have the dirty pages of a mapped file written, as its munmap would, but
 * without the lock of the address space.
 *
 * Floor 0. Built like errand.c. May wait for a server without end: for bare tasks.
 */

struct cf_write_back {
	uintptr_t start; /* where it is mapped                             */
	size_t length;
	int fd;			 /* by which it was mapped, -1 when not known */
	struct cf_identity file; /* what that stood for                        */
};

/*
 * Write the pages back. By the fd as long as that stands for the file: then the errors of
 * the file stay for the fsync() of the program to find (but on Linux before 6.5), and no
 * FSYNC is sent. Else by msync(), which knows shared mappings only.
 *
 * Returns 0 or -errno.
 */
long cf_write_back(const struct cf_write_back *job);

#endif
