/* SPDX-License-Identifier: MIT */
#ifndef CF_HANDLES_H
#define CF_HANDLES_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

/*
 * handles.h - the live table: what the program still owns and we may have to clean up.
 *
 * Floor 1. A handle is in the table from its first sight until its cleanup is about
 * to start: whoever takes it out owns the record, and the kernel may hand the same
 * number out again at once. Memory is our own. Thread-safe; async-signal-safe; when
 * there is no memory, or a signal handler has interrupted us, a handle goes
 * unrecorded and nothing else happens.
 */

#define CF_HANDLE_NAME_BYTES 256

enum cf_handle_kind {
	CF_HANDLE_FD, /* id is the number */
};

struct cf_handle {
	enum cf_handle_kind kind;
	uintptr_t id;
	cf_instant seen; /* for the first time */
	char name[CF_HANDLE_NAME_BYTES];
};

/* Record a handle, copied; one with the same kind and id is replaced. */
void cf_handles_add(const struct cf_handle *handle);

/* Take a handle out of the table into *handle. False when it is not there: another
   thread has taken it, or it was never seen. */
bool cf_handles_take(enum cf_handle_kind kind, uintptr_t id, struct cf_handle *handle);

/* How many handles are in the table. */
unsigned cf_handles_count(void);

/* A forked child starts with an empty table. */
void cf_handles_after_fork(void);

#endif
