/* SPDX-License-Identifier: MIT */
/*
 * door_dl.c - the doors of the loader: what dlsym() hands out of libcurl, and the flags that
 * dlopen() is called with. Floor 4.
 *
 * The doors themselves are in door_dl.S: the loader looks at the return address, for
 * RTLD_NEXT, for $ORIGIN and the RUNPATH of the caller, so they are left by a jump, with
 * the caller's own. Here is what they ask.
 */
#include "door_dl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#include "entry.h"
#include "got.h"
#include "handout.h"
#include "objects.h"
#include "policy.h"
#include "real.h"

_Static_assert(CF_DOOR_DL_SETS == CF_HANDOUT_SETS, "a set of thunks for each");

void *cf_door_dl_real[CF_DOOR_DL_COUNT];
bool cf_door_dl_attends, cf_door_dl_strips;

/* Also from the constructor of another library, before our own. */
static void bind_all(void)
{
	cf_real_look_up("dlopen", &cf_door_dl_real[CF_DOOR_DL_OPEN]);
	cf_real_look_up("dlmopen", &cf_door_dl_real[CF_DOOR_DL_MOPEN]);
	cf_door_dl_real[CF_DOOR_DL_SYM] = (void *)cf_real_dlsym();
}

static void *real_of(int which)
{
	if (!cf_door_dl_real[which])
		bind_all();
	return cf_door_dl_real[which];
}

void cf_door_dl_begin(const struct cf_policy *policy)
{
	bind_all();
	cf_door_dl_strips = !policy->keeps_deepbind;
	cf_door_dl_attends = policy->curl_objects != NULL;
	cf_objects_list(policy->curl_objects);
	if (cf_door_dl_attends)
		cf_got_attach();
}

void *cf_door_dl_next(int which)
{
	/* A copy that nothing of is exported calls no door: who has loaded it looks something
	   up in it, before anything of it is called. */
	if (cf_door_dl_attends && cf_entry_may_enter())
		cf_got_attach();
	return real_of(which);
}

bool cf_door_dl_is_ours(const char *name)
{
	return cf_objects_number(name) != CF_CURL_FUNCTIONS;
}

/* Not left by a jump: for RTLD_NEXT it is to see that we call. */
static void *next_symbol(void *handle, const char *name)
{
	void *found = cf_real_dlsym()(handle, name);

	__asm__ volatile("" : "+r"(found));
	return found;
}

/* Ours stands in front of whatever the name means to the caller: if it means anything. */
static void *ours_or_none(void *ours, void *handle, enum cf_curl_function function,
			  const void *caller)
{
	if (handle == RTLD_DEFAULT && cf_objects_function(function, caller))
		return ours;
	return next_symbol(RTLD_NEXT, cf_objects_name(function)) ? ours : NULL;
}

/* In a namespace of its own a libcurl has its own libc as well. */
static bool is_elsewhere(void *handle)
{
	Lmid_t namespace = LM_ID_BASE;

	return dlinfo(handle, RTLD_DI_LMID, &namespace) == 0 && namespace != LM_ID_BASE;
}

void *cf_door_dl_find(void *handle, const char *name, const void *caller)
{
	enum cf_curl_function function = cf_objects_number(name);
	void *found = next_symbol(handle, name);

	if (!found)
		return NULL;
	if (cf_objects_is_ours(found))
		return ours_or_none(found, handle, function, caller);
	/* A function of the program's own, or of a preload before us. */
	if (handle == RTLD_DEFAULT || !cf_entry_may_enter() || is_elsewhere(handle))
		return found;
	unsigned set = cf_handout_add(function, (cf_function)found);
	return set ? (void *)(cf_door_dl_thunks +
			      ((set - 1) * CF_CURL_FUNCTIONS + function) *
				      CF_DOOR_DL_THUNK_BYTES)
		   : found;
}
