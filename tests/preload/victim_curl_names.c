/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_names.c - the functions of a libcurl, fetched by name.
 */
#include "victim_curl_names.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "victim.h"

#define NAMED(name)                                                                      \
	{                                                                                \
		"curl_" #name, offsetof(struct curl_names, name)                         \
	}

static const struct {
	const char *name;
	size_t offset;
} table[] = {
	NAMED(global_init),	NAMED(global_cleanup),	 NAMED(easy_init),
	NAMED(easy_duphandle),	NAMED(easy_reset),	 NAMED(easy_setopt),
	NAMED(easy_perform),	NAMED(easy_cleanup),	 NAMED(multi_init),
	NAMED(multi_setopt),	NAMED(multi_add_handle), NAMED(multi_remove_handle),
	NAMED(multi_perform),	NAMED(multi_wait),	 NAMED(multi_socket_action),
	NAMED(multi_info_read), NAMED(multi_cleanup),	 NAMED(share_init),
	NAMED(share_setopt),	NAMED(share_cleanup),
};

_Static_assert(sizeof(table) / sizeof(*table) * sizeof(void *) ==
		       sizeof(struct curl_names),
	       "every function has its name");

void curl_names_fetch(void *handle, struct curl_names *names)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		void *found = dlsym(handle, table[i].name);

		victim_need(found != NULL, table[i].name);
		memcpy((char *)names + table[i].offset, &found, sizeof(found));
	}
}

void *curl_names_load(const char *library, struct curl_names *names)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		fprintf(stderr, "%s\n", dlerror());
	victim_need(handle != NULL, library);
	curl_names_fetch(handle, names);
	return handle;
}

int curl_names_is_in(const void *address, const char *object)
{
	size_t length = strcspn(object, ".");
	Dl_info found;

	if (dladdr(address, &found) == 0)
		return 0;
	const char *name = strrchr(found.dli_fname, '/');
	name = name ? name + 1 : found.dli_fname;
	return strncmp(name, object, length) == 0 && name[length] == '.';
}
