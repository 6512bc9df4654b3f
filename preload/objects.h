/* SPDX-License-Identifier: MIT */
#ifndef CF_OBJECTS_H
#define CF_OBJECTS_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * objects.h - which loaded objects are libcurl, and whose function is whose: a process
 * may hold several libcurls, and dlsym(RTLD_NEXT) finds none of those that came by
 * dlopen(RTLD_LOCAL), and the wrong one of two.
 *
 * Floor 1. Looks things up in the loader's list, which takes its lock for moments: only on
 * the first call from an object. Not for signal handlers. errno is left alone.
 */

/* The functions of libcurl that have a door, in the order of their names in objects.c. */
enum cf_curl_function {
	CF_CURL_EASY_INIT,
	CF_CURL_EASY_DUPHANDLE,
	CF_CURL_MULTI_INIT,
	CF_CURL_SHARE_INIT,
	CF_CURL_EASY_SETOPT,
	CF_CURL_MULTI_SETOPT,
	CF_CURL_SHARE_SETOPT,
	CF_CURL_EASY_PERFORM,
	CF_CURL_MULTI_ADD_HANDLE,
	CF_CURL_MULTI_PERFORM,
	CF_CURL_MULTI_POLL,
	CF_CURL_MULTI_WAIT,
	CF_CURL_MULTI_SOCKET_ACTION,
	CF_CURL_MULTI_SOCKET,
	CF_CURL_MULTI_SOCKET_ALL,
	CF_CURL_MULTI_INFO_READ,
	CF_CURL_MULTI_REMOVE_HANDLE,
	CF_CURL_MULTI_CLEANUP,
	CF_CURL_EASY_CLEANUP,
	CF_CURL_SHARE_CLEANUP,
	CF_CURL_GLOBAL_CLEANUP,
	CF_CURL_FUNCTIONS
};

typedef void (*cf_function)(void); /* to be cast to its own type */

/* Begin; again is nothing. With the first question at the latest: a program without
   libcurl does not pay for it. */
void cf_objects_begin(void);

/* In a forked child no other thread is looking anything up. */
void cf_objects_after_fork(void);

/* The name of a function, as libcurl exports it. */
const char *cf_objects_name(enum cf_curl_function function);

/*
 * The function as the object that holds the return address `caller` would have found it
 * without us.
 *
 * errors   NULL when no loaded object has it.
 * time     12 ns from the second call of an object on; the first costs 20 us.
 * threads  Safe while other threads load and unload objects: an answer is checked
 *          against the loader's present list each time.
 */
cf_function cf_objects_function(enum cf_curl_function function, const void *caller);

/*
 * Count objects as libcurls, by the names of their files (or that of the program): "name:name",
 * which lives as long as the process; NULL for none. Once, before any door is open.
 */
void cf_objects_list(const char *names);

/* An object as the loader shows it: no two that follow each other look the same. */
struct cf_sight {
	const struct link_map *map;
	const void *start, *end, *frames;
};

/* Look at the object that holds the address. False when there is none. No lock. */
bool cf_objects_look(const void *address, struct cf_sight *sight);
bool cf_objects_is_same(const struct cf_sight *one, const struct cf_sight *other);

/* Whether the address is one of ours. */
bool cf_objects_is_ours(const void *address);

/* The function of this name, CF_CURL_FUNCTIONS for any other name. */
enum cf_curl_function cf_objects_number(const char *name);

/* Whether the address is inside a libcurl that cf_objects_visit() has seen. */
bool cf_objects_is_curl(const void *address);

/* Whether it is in one that is listed, and none of whose calls come through a door. */
bool cf_objects_is_hidden(const void *address);

/* How many objects had been loaded and unloaded when somebody looked. */
struct cf_generation {
	unsigned long long loads, unloads;
};

/*
 * Visit every loaded libcurl (its name says so, and it exports curl_multi_cleanup; or it
 * exports all that a libcurl does, as a module that has one linked in; or it is listed),
 * unless nothing has been loaded or unloaded since *before, which is brought up to date. visit()
 * runs under the loader's lock: the object stays where it is, and nothing that takes that
 * lock may be called.
 */
void cf_objects_visit(struct cf_generation *before,
		      void (*visit)(const struct dl_phdr_info *object));

#endif
