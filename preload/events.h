/* SPDX-License-Identifier: MIT */
#ifndef CF_EVENTS_H
#define CF_EVENTS_H

#include "errand.h"
#include "event.h"

/*
 * events.h - say what happened: a line on stderr, a line of JSON in a file.
 *
 * Floor 1. The files are opened for each line, for appending, by a task that takes
 * no fd number from the program; a file that does not answer holds us for a second,
 * once, and gets no more lines. Async-signal-safe; errno is left alone. The keys of a line are described in curfew(1).
 */

/*
 * Begin, once: keep the names of the events file (made absolute, `%p` being the pid)
 * and of the file of `curfew run`; NULL for none. An unusable name is said on stderr;
 * there are then no events.
 */
void cf_events_begin(const char *events, const char *run);

/* A forked child writes to files of its own where the name holds `%p`. */
void cf_events_after_fork(void);

/* Report the event wherever its ending goes. Takes about 1 kB of stack. */
void cf_events_report(const struct cf_event *event);

/* Prepare the line that the hand of this event writes if it comes back late. */
void cf_events_prepare_late(const struct cf_event *event, struct cf_late *late);

#endif
