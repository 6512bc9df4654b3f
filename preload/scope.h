/* SPDX-License-Identifier: MIT */
#ifndef CF_SCOPE_H
#define CF_SCOPE_H

#include <stdbool.h>

#include "handles.h"
#include "objects.h"
#include "policy.h"
#include "visit.h"

/*
 * scope.h - the story of a library cleanup: it stays on its thread, and its waits end in
 * time.
 *
 * Floor 3. Whoever stands in front of a function of libcurl's encloses the real call in
 * an enter and its leave; wait.h then ends what the call waits for. Not for signal
 * handlers. errno is left alone.
 */

struct cf_scope {
	/* Filled in by the door. */
	enum cf_curl_function function;
	enum cf_handle_kind kind; /* of the handle that time is charged to */
	const void *handle;	  /* NULL for none                         */
	const void *caller;	  /* return address of the door            */
	const void *frame;	  /* frame address of the door             */
	bool is_open;		  /* whether the call may come in: see entry.h */
	/* Ours. */
	bool is_outermost;
	int watch;     /* its number with the watchdog */
	uint64_t mark; /* see watchdog.h               */
	cf_instant entered;
	struct cf_visit before;
	struct cf_handle taken;
};

/* Begin, once, with a policy that must outlive every call. */
void cf_scope_begin(const struct cf_policy *policy);

/*
 * The real function: the one that a thunk of handout.h stands for, if that has led here; or
 * that of the libcurl which has made the handle; or else the one that the caller would have
 * found without us. NULL when there is none. (The return address alone is not enough: a
 * function that ends in the call leaves that of its own caller.)
 */
cf_function cf_scope_real(const struct cf_scope *scope);

/* A handle has been made by `real`: it is live, whatever was known under its address. NULL
   is none. Also when we are off: whose it is must be known. */
void cf_scope_note_birth(enum cf_handle_kind kind, const void *handle, const void *caller,
			 cf_function real);

/* A handle is used: it is live, whatever was known under its address. */
void cf_scope_note_use(const struct cf_scope *scope);

/* A handle is about to end without us: nothing is known of its address any more. */
void cf_scope_forget(const struct cf_scope *scope);

/* An easy handle was added to a multi, or removed (multi NULL). */
void cf_scope_note_owner(const void *easy, const void *multi, const void *caller);

/* A transfer of this handle is complete: its cleanup has the whole deadline again. */
void cf_scope_note_complete(enum cf_handle_kind kind, const void *handle);

/* Something of the program's own may run in cleanups from now on, a callback or a file:
   they are watched. */
void cf_scope_watch(void);

/*
 * Around a call that cleans up. `is_last` when the handle does not outlive it.
 *
 * result  False for the second cleanup of a handle: reported, and not to be made.
 */
bool cf_scope_enter(struct cf_scope *scope, bool is_last);

/* After it: libcurl's result, and whether it refused (the handle then lives on). */
void cf_scope_leave(struct cf_scope *scope, int result, bool is_refused);

/* Around a call that lets libcurl work: waits in it are the program's own wish, also
   inside a callback of a cleanup, whose time stands still meanwhile. */
void cf_scope_enter_transfer(struct cf_scope *scope);
void cf_scope_leave_transfer(struct cf_scope *scope, int result);

#endif
