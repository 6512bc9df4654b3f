/* SPDX-License-Identifier: MIT */
#ifndef CF_WATCHED_H
#define CF_WATCHED_H

#include <stdbool.h>

/*
 * watched.h - the story of a userfaultfd: which ranges it watches.
 *
 * Floor 3. Whoever unmaps such a range waits until the watcher has read of it.
 */

/* ioctl(2): the plain call, whose success is noted. Async-signal-safe. */
int cf_watched_ioctl(int fd, unsigned long request, void *argument);

/* Whether such a request is of any interest. */
bool cf_watched_is_plain(unsigned long request);

#endif
