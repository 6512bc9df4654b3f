/* SPDX-License-Identifier: MIT */
#ifndef CF_MAPPING_H
#define CF_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * mapping.h - the story of a mapping whose munmap may wait: noted at its birth, written
 * back before another takes its place.
 *
 * Floor 3. Every other mapping goes straight to the plain call. Results and errno are those
 * of the call, and errno is set on failure only; none is a cancellation point. All are
 * async-signal-safe.
 */

/* Whether an mmap with these flags is of no interest: one load at most. */
bool cf_mapping_is_plain(int flags);

/*
 * mmap(2). MAP_FIXED over pages that cannot be written back by the deadline fails with
 * ENOMEM and changes nothing: the kernel would wait for them, and with it every thread that
 * maps memory.
 */
void *cf_mapping_map(void *at, size_t length, int protection, int flags, int fd,
		     off_t offset);

/* mremap(2). Fails with ENOMEM as mmap does, when it would have to unmap such pages. */
void *cf_mapping_move(void *from, size_t length, size_t new_length, int flags, void *to);

#endif
