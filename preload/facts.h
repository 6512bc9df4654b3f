/* SPDX-License-Identifier: MIT */
#ifndef CF_FACTS_H
#define CF_FACTS_H

#include <stddef.h>

#include "kind.h"
#include "ranges.h"

/*
 * facts.h - what an fd is, as far as its close can matter, without waiting for
 * anybody's server.
 *
 * Floor 2. Looks only at the kernel's memory: statx without sync, F_GETFL,
 * SO_LINGER, mountinfo, the link in /proc/self/fd. Async-signal-safe; errno is left
 * alone.
 */

/* Look at `fd`: one system call for nearly every fd, a few more for what can hang. */
struct cf_facts cf_facts_look(int fd);

/* Whether a write to `fd` waits for nobody's server. */
bool cf_facts_may_write(int fd);

/* Whether the munmap of a mapping of `fd` may wait for somebody; then what is to be known
   of it is in *range, but for its addresses. */
bool cf_facts_mapping(int fd, struct cf_range *range);

/* The path of `fd` as the kernel has it, cut to `room`; "" when it is not to be had. */
void cf_facts_name(int fd, char *name, size_t room);

#endif
