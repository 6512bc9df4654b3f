/* SPDX-License-Identifier: MIT */
/*
 * module_origin.c - a module with a RUNPATH of its own, by which alone a library is found
 * that it loads by its bare name.
 */
#include <dlfcn.h>
#include <stddef.h>

__attribute__((visibility("default"))) void *module_load(const char *name);
__attribute__((visibility("default"))) void *module_next(const char *name);

void *module_load(const char *name)
{
	return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

void *module_next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}
