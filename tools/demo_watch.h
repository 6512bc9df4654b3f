/* SPDX-License-Identifier: MIT */
#ifndef DEMO_WATCH_H
#define DEMO_WATCH_H

#include <stddef.h>

/*
 * demo_watch.h - whether a program may have its memory watched by a userfaultfd here.
 *
 * The victim makes the userfaultfd itself, and its hang goes with it.
 */

/*
 * Try it; nothing is left to be undone. The victim needs no argument: it becomes "-".
 * Returns NULL, or why it cannot be done here; that text is valid until the next call.
 */
const char *demo_watch_set(char *argument, size_t bytes);

#endif
