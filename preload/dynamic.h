/* SPDX-License-Identifier: MIT */
#ifndef CF_DYNAMIC_H
#define CF_DYNAMIC_H

#include <link.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * dynamic.h - read a loaded object's own description of itself.
 *
 * Floor 0. The object is one that dl_iterate_phdr() shows, and must stay loaded
 * meanwhile. Async-signal-safe; errno is left alone.
 */

/* An address in its dynamic section, as a pointer; NULL when there is no such entry. */
const void *cf_dynamic_pointer(const struct dl_phdr_info *object, long tag);

/* A number in its dynamic section, 0 when there is no such entry. */
unsigned long cf_dynamic_number(const struct dl_phdr_info *object, long tag);

/* Whether it defines this symbol for others. */
bool cf_dynamic_defines(const struct dl_phdr_info *object, const char *name);

/*
 * What it defines under this name, as a reference to `version` would be bound (NULL: a
 * reference without one); NULL when there is nothing.
 */
const void *cf_dynamic_find(const struct dl_phdr_info *object, const char *name,
			    const char *version);

/* The version that its own references to this name ask for; NULL for none. */
const char *cf_dynamic_wanted(const struct dl_phdr_info *object, const char *name);

/* The name of an object that it needs, from 0; NULL past the last. */
const char *cf_dynamic_needed(const struct dl_phdr_info *object, int index);

/* The name that others need it by; without one, that of its file. */
const char *cf_dynamic_soname(const struct dl_phdr_info *object);

/* The name of its file, without the directory; of the program, of what was executed. */
const char *cf_dynamic_file(const struct dl_phdr_info *object);

/* The first address behind it. */
uintptr_t cf_dynamic_end(const struct dl_phdr_info *object);

#endif
