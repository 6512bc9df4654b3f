/* SPDX-License-Identifier: MIT */
#ifndef CF_EVENTS_H
#define CF_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "errand.h"

/*
 * events.h - say what happened: a line on stderr, a line of JSON in a file.
 *
 * Floor 1. The files are opened for each line, for appending, by a task that takes
 * no fd number from the program; a file that does not answer holds us for a second,
 * once, and gets no more lines. Async-signal-safe; errno is left alone. The keys of a line are described in curfew(1).
 */

enum cf_event_ending {
	CF_EVENT_FINISHED,  /* within the deadline; to the file only  */
	CF_EVENT_EXPIRED,   /* the caller was released, the call goes on */
	CF_EVENT_PARKED,    /* the caller was released, the call is made when it can be */
	CF_EVENT_COMPLETED, /* a cleanup of libcurl's, by ending what it waited for */
	CF_EVENT_STUCK,	    /* such a cleanup, whose wait could not be ended        */
	CF_EVENT_DOUBLE,    /* a second cleanup of one handle, refused              */
	CF_EVENT_LOADED	    /* the library is in this process; to CURFEW_RUN only   */
};

struct cf_event {
	enum cf_event_ending ending;
	const char *call;  /* "close" */
	const char *class; /* "file", "write", ... */
	bool is_written;
	int handle;	     /* an fd, unless                                */
	bool is_address;     /* it is a mapping or one of libcurl's handles, */
	const void *address; /* which is here                                */
	const char *name;    /* where it lives, or what it waited for; "" when unknown */
	const char *mount;   /* mount point, "" for none               */
	const char *type;    /* for people: "fuse.s3fs", "socket"      */
	int64_t deadline_ns;
	int64_t waited_ns;
	long result;	  /* as the caller got it: 0 or -errno */
	bool is_observed; /* nothing was cut; `expired` is what enforce would say */
	bool is_minor;	  /* nothing was written: to the file only */
	bool is_refused;  /* the call was not made, and fails */
	bool is_ending;	  /* the process ends: nobody gets a result */
	bool is_over;	  /* the call had been ended, nothing goes on in the background */
};

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
