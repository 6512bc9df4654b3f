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
	CF_HANDLE_FD, /* id is the number; of libcurl's handles, the address */
	CF_HANDLE_EASY,
	CF_HANDLE_MULTI,
	CF_HANDLE_SHARE,
};

struct cf_handle {
	enum cf_handle_kind kind;
	uintptr_t id;
	cf_instant seen;   /* for the first time                                    */
	uintptr_t owner;   /* of an easy handle: its multi, 0 for none              */
	const void *maker; /* code of the libcurl that made it, NULL when not seen  */
	int64_t waited_ns; /* in cleanups, since something of it has completed      */
	bool is_born;	   /* its init has come through a door                      */
	bool is_gone;	   /* and so has its cleanup: kept to know a second one by  */
	char name[CF_HANDLE_NAME_BYTES];
};

/* Record a handle, copied; one with the same kind and id is replaced. */
void cf_handles_add(const struct cf_handle *handle);

/* Take a handle out of the table into *handle. False when it is not there: another
   thread has taken it, or it was never seen. */
bool cf_handles_take(enum cf_handle_kind kind, uintptr_t id, struct cf_handle *handle);

/* Copy a handle that stays in the table into *handle. False when it is not there. */
bool cf_handles_find(enum cf_handle_kind kind, uintptr_t id, struct cf_handle *handle);

/* Keep a handle that is gone, for a while (until 1,024 more are): it must not be taken for
   a live one when it comes a second time. */
void cf_handles_bury(const struct cf_handle *handle);

/* A handle that is gone is used: its address has come again. Nothing is known of it. */
void cf_handles_unbury(enum cf_handle_kind kind, uintptr_t id);

/* The maker of a handle, NULL when it is not known. */
const void *cf_handles_maker(enum cf_handle_kind kind, uintptr_t id);

/* Store what has been waited in cleanups of a handle of libcurl's, if it is there. */
void cf_handles_set_waited(enum cf_handle_kind kind, uintptr_t id, int64_t waited_ns);

/* Copy the first handle of this kind that was born before `since` and is not gone into
   *handle, the oldest last. False when there is none. */
bool cf_handles_last(enum cf_handle_kind kind, cf_instant since,
		     struct cf_handle *handle);

/* How many handles are in the table. */
unsigned cf_handles_count(void);

/* A forked child starts with an empty table. */
void cf_handles_after_fork(void);

#endif
