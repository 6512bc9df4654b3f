/* SPDX-License-Identifier: MIT */
#ifndef CF_FD_TABLE_H
#define CF_FD_TABLE_H

#include <stdbool.h>

/*
 * fd_table.h - whose fd table the calling thread has.
 *
 * Floor 0. Async-signal-safe; errno is left alone.
 */

/* Whether it is that of the first thread of its process: not so after
   unshare(CLONE_FILES). Where the kernel will not compare, it is believed. */
bool cf_fd_table_is_leaders(void);

/* Whether it is the table of the process that owns the memory: as above, and not in a
   vfork child, which has a table of its own. */
bool cf_fd_table_is_main(void);

#endif
