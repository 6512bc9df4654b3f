/* SPDX-License-Identifier: MIT */
#ifndef CF_CLERK_H
#define CF_CLERK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * clerk.h - read or append to a file, in the way of the program as little as can be.
 *
 * Floor 0. Every number that is opened is one that another thread may be about to get,
 * or to put something on with dup2: so we move to a high number before anything else
 * is done. Async-signal-safe; errno is left alone.
 */

/* Read the file from its start until its end or `room` bytes. Returns how many, or
   -errno. For files of /proc, which do not block. */
long cf_clerk_read(const char *path, char *buffer, size_t room);

/*
 * Append `length` bytes to the file, made if `is_made`, in one write by a task of its
 * own. Returns how many, or -errno; -ETIME when that is not done within a second: the
 * task then keeps `path` and `bytes` for good. A file that would block (a pipe that
 * nobody reads) takes nothing.
 *
 * *is_quick is the owner's, false at first, and tells of this path that it is a file on a
 * mount known to be local: then the caller writes itself, in a tenth of the time.
 */
long cf_clerk_append(const char *path, bool is_made, const char *bytes, size_t length,
		     _Atomic bool *is_quick);

/* For a bare task: open a file as cf_clerk_append() does. A number, or -errno. */
long cf_clerk_open_to_append(const char *path, bool is_made);

/* Move what was just opened to a number that no program counts with, if there is one. */
long cf_clerk_move_up(long fd);

#endif
