/* SPDX-License-Identifier: MIT */
#ifndef CF_WORDING_H
#define CF_WORDING_H

#include "event.h"
#include "text.h"

/*
 * wording.h - how an event reads on stderr.
 *
 * Floor 0. Async-signal-safe; errno is left alone.
 */

/* Append what has happened, in one sentence. Not for what goes to files alone. */
void cf_wording_add(struct cf_text *line, const struct cf_event *event);

#endif
