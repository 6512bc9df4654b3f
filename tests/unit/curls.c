/* SPDX-License-Identifier: MIT */
/*
 * curls.c - real libcurls in a test.
 */
#include "curls.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

void *curls_load(const char *name)
{
	static char reason[128];
	void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		snprintf(reason, sizeof(reason), "no %s", name);
		unit_skip(reason);
	}
	return handle;
}

void curls_unload(void *handle)
{
	struct link_map *map = handle;
	char name[256];

	strncpy(name, map->l_name, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(dlclose(handle), 0);
	if (dlopen(name, RTLD_NOW | RTLD_NOLOAD))
		unit_skip("this library is never unloaded");
}

cf_function curls_own(void *handle, enum cf_curl_function function)
{
	void *symbol = dlsym(handle, cf_objects_name(function));

	assert_non_null(symbol);
	return (cf_function)symbol;
}

const void *curls_code(void *handle)
{
	const char *code = dlsym(handle, "curl_multi_cleanup");

	assert_non_null(code);
	return code + 1; /* as a return address: inside */
}

struct showing {
	const struct link_map *map;
	void (*look)(const struct dl_phdr_info *object);
	int shown;
};

static int show(struct dl_phdr_info *object, size_t size, void *data)
{
	struct showing *showing = data;

	(void)size;
	if (object->dlpi_addr == showing->map->l_addr) {
		showing->look(object);
		showing->shown++;
	}
	return 0;
}

void curls_show(void *handle, void (*look)(const struct dl_phdr_info *object))
{
	struct showing showing = { handle, look, 0 };

	dl_iterate_phdr(show, &showing);
	assert_int_equal(showing.shown, 1);
}
