/* SPDX-License-Identifier: MIT */
#ifndef CF_DOOR_DL_H
#define CF_DOOR_DL_H

/*
 * door_dl.h - what the two halves of the loader's doors share, one in C and one in assembly.
 *
 * Floor 4. Only for door_dl.c and door_dl.S.
 */

#define CF_DOOR_DL_SYM	 0
#define CF_DOOR_DL_OPEN	 1
#define CF_DOOR_DL_MOPEN 2
#define CF_DOOR_DL_COUNT 3

#define CF_DOOR_DL_SETS	       16 /* CF_HANDOUT_SETS */
#define CF_DOOR_DL_THUNK_BYTES 16

#ifndef __ASSEMBLER__
#include <stdbool.h>

/* The next functions of these names: NULL until the first call of any. */
extern void *cf_door_dl_real[CF_DOOR_DL_COUNT];

/* Whether each dlsym() looks for libcurls that have been loaded; whether dlopen() clears
   RTLD_DEEPBIND. */
extern bool cf_door_dl_attends, cf_door_dl_strips;

/* The next function, for the door to jump to. */
void *cf_door_dl_next(int which);

/* Whether dlsym() is asked for a function that has a door. */
bool cf_door_dl_is_ours(const char *name);

/* What dlsym() answers for such a one; `caller` is the return address of the door. dlerror()
   is as the real function leaves it. */
void *cf_door_dl_find(void *handle, const char *name, const void *caller);

/* The thunks: 16 sets, each in the order of enum cf_curl_function. */
extern const char cf_door_dl_thunks[];
#endif

#endif
