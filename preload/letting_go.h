/* SPDX-License-Identifier: MIT */
#ifndef CF_LETTING_GO_H
#define CF_LETTING_GO_H

#include <stdbool.h>

#include "errand.h"
#include "identity.h"

/*
 * letting_go.h - whether the kernel has already given an fd number back that a hand is
 * closing, or a range that it is unmapping. It frees both first, and only then blocks.
 *
 * Floor 1.
 */

/*
 * True when it is certain that the call of the task `hand`, which closes `fd`, can no
 * longer hit what the number will stand for: it is free, it stands for something other
 * than `identity`, or the hand is seen asleep inside the call. Async-signal-safe; errno is
 * left alone.
 */
bool cf_letting_go_of_fd(int hand, const struct cf_call *call, int fd,
			 const struct cf_identity *identity);

/*
 * True when it is certain that the hand's munmap has removed the range, and only waits for
 * somebody to take note of it. Async-signal-safe; errno is left alone.
 */
bool cf_letting_go_of_range(int hand, const struct cf_call *call);

#endif
