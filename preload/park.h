/* SPDX-License-Identifier: MIT */
#ifndef CF_PARK_H
#define CF_PARK_H

#include <stdbool.h>

/*
 * park.h - what a parked number is to the program: closed, and free to be used again.
 *
 * Floor 2. Thread-safe, async-signal-safe; errno is left alone.
 */

/*
 * Whether the number is parked in the table of the calling thread, or a copy of one that
 * is: the program has closed it.
 *
 * time  Two system calls for a parked number; when a hand closes it just now, until it is
 *       certain that the number has been let go. One load when nothing is parked.
 */
bool cf_park_holds(int fd);

#endif
