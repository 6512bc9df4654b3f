/* SPDX-License-Identifier: MIT */
#ifndef CF_OPEN_FDS_H
#define CF_OPEN_FDS_H

#include <stdbool.h>

/*
 * open_fds.h - which numbers are open in the table of the calling thread.
 *
 * Floor 1. Async-signal-safe; errno is left alone.
 */

/*
 * Call each(fd) for every open number, in no order, until it says false. As /proc lists
 * them; without /proc for the first 1,024 numbers, open or not; and where only some of 0 to 2
 * are open, for all of these.
 */
void cf_open_fds_each(bool (*each)(int fd, void *argument), void *argument);

#endif
