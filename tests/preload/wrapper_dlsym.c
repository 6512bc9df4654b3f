/* SPDX-License-Identifier: MIT */
/*
 * wrapper_dlsym.c - somebody else's preload, which answers dlsym() for one name of its own.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

__attribute__((visibility("default"))) void *dlsym(void *handle, const char *name)
{
	static void *(*next)(void *, const char *);

	if (!next)
		*(void **)&next = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
	return strcmp(name, "name_of_the_wrapper") == 0 ? (void *)&next
							: next(handle, name);
}
