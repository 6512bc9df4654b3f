/* SPDX-License-Identifier: MIT */
#ifndef CF_HANDOUT_H
#define CF_HANDOUT_H

#include "objects.h"

/*
 * handout.h - the sets of thunks for functions of libcurl that a program fetches by name,
 * as every FFI does: a set for each object, since who calls a door through a pointer
 * cannot be known by its address.
 *
 * Floor 2. Each thunk writes the number of its set into `cf_handout_chosen` and goes on to
 * the door of its function, which asks once what it stands for. Not for signal handlers.
 */

#define CF_HANDOUT_SETS 16

/* The set, from 1, whose thunk this thread has come through; 0 for none. */
extern __thread unsigned cf_handout_chosen
	__attribute__((visibility("hidden"), tls_model("initial-exec")));

/*
 * The number of the set, from 1, of the object that holds the function, which is noted in
 * it. 0 when there are 16 sets of objects that are still loaded: then the function is
 * handed out as it is.
 */
unsigned cf_handout_add(enum cf_curl_function function, cf_function real);

/* What the thunk stands for that has led here; NULL when none has. Once: it is forgotten. */
cf_function cf_handout_take(enum cf_curl_function function);

/* In a forked child no other thread is at it. */
void cf_handout_after_fork(void);

#endif
