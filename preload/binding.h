/* SPDX-License-Identifier: MIT */
#ifndef CF_BINDING_H
#define CF_BINDING_H

/*
 * binding.h - bind names as the loader would have without us: for a caller, its own
 * versions, the program's scope behind us, then the caller's own.
 *
 * Floor 0. dlsym() would do, but takes the lock that a dlopen() in another thread holds
 * while it runs constructors, which may wait for us. Here only the lock of the loader's
 * list is taken, for moments. errno and dlerror() are left alone. Not for signal handlers.
 */

/* Begin, on the first call of any: note which objects the program was started with. Also
   from the constructor of another library, before our own. */
void cf_binding_begin(void);

/*
 * Bind `count` names for the object that holds the address `caller` (any, for code that
 * no object holds), and store what was found, or NULL, in found[]. All of them by the
 * version that the caller asks for in names[first].
 */
void cf_binding_find(const void *caller, const char *const *names, int count, int first,
		     const void **found);

/* What a reference of the caller to this name would be bound to now, us included. */
const void *cf_binding_first(const void *caller, const char *name);

#endif
