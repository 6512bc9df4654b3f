/* SPDX-License-Identifier: MIT */
#ifndef SCOPED_H
#define SCOPED_H

#include "events.h"
#include "scope.h"

/*
 * scoped.h - calls of libcurl as its doors make them, and what they report.
 *
 * A frame is a place in an array, at a depth: the stack grows downwards. Whoever uses
 * this wraps cf_events_report, cf_objects_is_curl and cf_objects_function.
 */

#define SCOPED_DEADLINE_MS INT64_C(200)

enum scoped_caller { SCOPED_PROGRAM, SCOPED_LIBCURL };

/* The last event, and how many there were; what was last asked of cf_objects_function(). */
extern struct scoped_seen {
	int reports;
	struct cf_event event;
	char name[128];
	enum cf_curl_function function;
	const void *asker;
} scoped_seen;

extern struct cf_policy scoped_policy;

/* Begin: enforce, with the deadline above. */
int scoped_begin(void **state);

/* A call, as its door fills it in. */
struct cf_scope scoped_call(enum cf_curl_function function, enum cf_handle_kind kind,
			    const void *handle, enum scoped_caller caller, int depth);

/* The visit that a door at this depth runs in. */
struct cf_visit *scoped_visit(int depth);

/* A whole cleanup of the program's: waits for so long in it, and ends well. Returns what
   it could have waited for at most. */
int64_t scoped_clean_up(enum cf_curl_function function, enum cf_handle_kind kind,
			const void *handle, int64_t waits_ms);

/* A handle is made, by scoped_maker(). */
void scoped_bear(enum cf_handle_kind kind, const void *handle, enum scoped_caller caller);
void scoped_maker(void);

/* The addresses that stand for callers. */
const void *scoped_address(enum scoped_caller caller);

#endif
