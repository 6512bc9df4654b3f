/* SPDX-License-Identifier: MIT */
#ifndef CF_FD_COPY_H
#define CF_FD_COPY_H

/*
 * fd_copy.h - a second number for what is open, to be closed instead of the first: that
 * sends the flush, and leaves the number where it is.
 *
 * Floor 1. Async-signal-safe; errno is left alone.
 */

/* A copy that closes on exec, where no program counts with its number; below 0 when there
   is none, as the table is full. */
int cf_fd_copy_make(int fd);

enum cf_fd_copy_locks { CF_FD_COPY_NO_LOCK, CF_FD_COPY_LOCKED, CF_FD_COPY_UNKNOWN };

/* Whether the process has POSIX locks on the file: the close of a copy would take them. */
enum cf_fd_copy_locks cf_fd_copy_locks(int fd);

#endif
