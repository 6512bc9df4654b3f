/* SPDX-License-Identifier: MIT */
/*
 * handout.c - which object's functions a set of thunks stands for. Floor 2.
 *
 * A set whose object has been unloaded is free: a program that calls through pointers into
 * it is lost in any case.
 */
#include "handout.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "layout.h"
#include "lock.h"

__thread unsigned cf_handout_chosen;

static CF_TABLE struct set {
	struct cf_sight object;
	cf_function _Atomic function[CF_CURL_FUNCTIONS];
} sets[CF_HANDOUT_SETS];
static struct cf_lock lock;

static bool is_loaded(const struct set *set)
{
	struct cf_sight now;

	return set->object.map && cf_objects_look(set->object.start, &now) &&
	       cf_objects_is_same(&now, &set->object);
}

/* That of the object, or one that is free; NULL when there is neither. */
static struct set *set_of(const struct cf_sight *object)
{
	struct set *unused = NULL;

	for (int i = 0; i < CF_HANDOUT_SETS; i++) {
		if (cf_objects_is_same(&sets[i].object, object))
			return &sets[i];
		if (!unused && !is_loaded(&sets[i]))
			unused = &sets[i];
	}
	if (unused) {
		unused->object = *object;
		for (int i = 0; i < CF_CURL_FUNCTIONS; i++)
			atomic_store(&unused->function[i], NULL);
	}
	return unused;
}

unsigned cf_handout_add(enum cf_curl_function function, cf_function real)
{
	struct cf_sight object;
	unsigned number = 0;

	cf_objects_begin();
	if (!cf_objects_look((const void *)real, &object) || !cf_lock_take(&lock))
		return 0;
	struct set *set = set_of(&object);
	if (set) {
		atomic_store(&set->function[function], real);
		number = (unsigned)(set - sets) + 1;
	}
	cf_lock_release(&lock);
	return number;
}

cf_function cf_handout_take(enum cf_curl_function function)
{
	unsigned number = cf_handout_chosen;

	if (number == 0)
		return NULL;
	cf_handout_chosen = 0;
	return atomic_load_explicit(&sets[number - 1].function[function],
				    memory_order_acquire);
}

void cf_handout_after_fork(void)
{
	lock = (struct cf_lock){ 0 };
}
