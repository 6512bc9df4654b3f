/* SPDX-License-Identifier: MIT */
#ifndef CF_PROC_LIST_H
#define CF_PROC_LIST_H

#include <stdbool.h>

/*
 * proc_list.h - the numbers that are names in a directory of /proc.
 *
 * Floor 0. Built like errand.c; takes openat, getdents64 and close, and 2 kB of stack.
 */

struct cf_proc_list {
	long fd;
	long filled; /* bytes, or -errno */
	long at;
	_Alignas(8) char bytes[2048];
};

/* Open it; to be closed with cf_proc_list_close(). False when it cannot be opened. */
bool cf_proc_list_open(struct cf_proc_list *list, const char *path);

/* The next number above 0; 0 at the end, below 0 when it cannot be read. */
int cf_proc_list_next(struct cf_proc_list *list);

/* Close it. */
void cf_proc_list_close(const struct cf_proc_list *list);

/* One above the highest number that is listed there, at least 1; below 0 when it cannot be read. */
int cf_proc_list_end(const char *path);

#endif
