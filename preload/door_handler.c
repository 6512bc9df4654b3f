/* SPDX-License-Identifier: MIT */
/*
 * door_handler.c - the doors by which a program registers what its end is to run. The rules
 * are those of door_fd.c; sanitizers come through before they have begun, so they have no
 * part in it.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "ending.h"
#include "entry.h"
#include "real_end.h"

/* Of the ABI: no header has them. */
int __cxa_atexit(void (*handler)(void *argument), void *argument, void *object);
int __cxa_thread_atexit_impl(void (*handler)(void *argument), void *argument,
			     void *object);

#define MOST 64

static void (*come_first)(int status, void *unused); /* NULL: not begun */
static _Atomic int count;

void cf_door_handler_begin(void (*first)(int status, void *unused))
{
	come_first = first;
}

/* What is registered last runs first. Not without end: libraries that come and go register
   theirs again and again, and libc uses only the last places of its list again. */
static int note(int result)
{
	cf_ending_note_handler();
	if (come_first && atomic_load(&count) < MOST) {
		atomic_fetch_add(&count, 1);
		cf_real_on_exit(come_first, NULL);
	}
	return result;
}

CF_DOOR int on_exit(void (*handler)(int status, void *argument), void *argument)
{
	return note(cf_real_on_exit(handler, argument));
}

/* What atexit() and static destructors of C++ come to. */
CF_DOOR int __cxa_atexit(void (*handler)(void *argument), void *argument, void *object)
{
	return note(cf_real_cxa_atexit(handler, argument, object));
}

/* The same for thread_local ones. */
CF_DOOR int __cxa_thread_atexit_impl(void (*handler)(void *argument), void *argument,
				     void *object)
{
	cf_ending_note_handler();
	return cf_real_cxa_thread_atexit(handler, argument, object);
}
