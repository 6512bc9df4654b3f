/* SPDX-License-Identifier: MIT */
#ifndef CF_MARKS_H
#define CF_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"

/*
 * marks.h - which mounts are local and which have been sick, in a few words that need
 * no lock and can be read by a bare task.
 *
 * Floor 0. A mark may be forgotten, and without unique mount ids it may be stale: with
 * unique ones it can be trusted when it is there. Built like errand.c.
 */

enum cf_mark {
	CF_MARK_LOCAL,
	CF_MARK_LOCAL_DEVICE, /* by its file system: see cf_marks_device_word */
	CF_MARK_SICK,
	CF_MARKS
};

/* The word by which a file's mount is marked. */
uint64_t cf_marks_word(const struct cf_identity *file);

/* The word of a file system, which is told apart without any mount id. */
uint64_t cf_marks_device_word(uint32_t major, uint32_t minor);

/* Mark a mount, or a file system. */
void cf_marks_set(enum cf_mark mark, uint64_t word);

/* Whether the mount, or the file system, of a file is marked. */
bool cf_marks_has(enum cf_mark mark, const struct cf_identity *file);

#endif
