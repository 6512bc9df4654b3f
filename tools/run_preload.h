/* SPDX-License-Identifier: MIT */
#ifndef RUN_PRELOAD_H
#define RUN_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * run_preload.h - the value of LD_PRELOAD for the program.
 */

/* Can this path stand in LD_PRELOAD? Spaces and colons separate entries there. */
bool run_preload_can_name(const char *path);

/*
 * Store in buffer[bytes] the list `given` (NULL: none) with `library` put in: first,
 * but behind the runtimes of sanitizers, which refuse to run in any other place. All
 * other entries are kept in their order; another copy of our library is left out.
 *
 * errors  False when it does not fit.
 */
bool run_preload_list(char *buffer, size_t bytes, const char *given, const char *library);

#endif
