/* SPDX-License-Identifier: MIT */
#ifndef CF_LETTING_GO_H
#define CF_LETTING_GO_H

#include <stdbool.h>

#include "errand.h"
#include "identity.h"
#include "task.h"

/*
 * letting_go.h - whether the kernel has already given an fd number back that a hand is
 * closing. It frees the number at the start of a close, and only then blocks.
 *
 * Floor 1.
 */

/*
 * True when it is certain that the hand's close can no longer hit what the number will
 * stand for: it is free, it stands for something other than `identity`, or the hand is
 * seen asleep inside the call. Async-signal-safe; errno is left alone.
 */
bool cf_letting_go_is_certain(const struct cf_task *hand, const struct cf_call *call,
			      const struct cf_identity *identity);

#endif
