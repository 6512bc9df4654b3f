/* SPDX-License-Identifier: MIT */
/*
 * run_preload.c - LD_PRELOAD as text: no environment, no files.
 */
#include "run_preload.h"

#include <string.h>

#include "text.h"

#define SEPARATORS " :" /* what ld.so takes for one */

enum place { RUNTIME, OURS, ANOTHER };

static bool begins(const char *name, size_t length, const char *start)
{
	return length >= strlen(start) && memcmp(name, start, strlen(start)) == 0;
}

static enum place place_of(const char *entry, size_t length)
{
	static const char *const runtimes[] = { "libasan.", "libtsan.", "libubsan.",
						"liblsan.", "libclang_rt." };
	const char *slash = memrchr(entry, '/', length);
	const char *name = slash ? slash + 1 : entry;

	length -= (size_t)(name - entry);
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++) {
		if (begins(name, length, runtimes[i]))
			return RUNTIME;
	}
	return begins(name, length, "libcurfew.so") ? OURS : ANOTHER;
}

static void add_entry(struct cf_text *list, const char *entry, size_t length)
{
	if (list->length > 0)
		cf_text_add(list, ":");
	cf_text_add_bytes(list, entry, length);
}

static void add_all(struct cf_text *list, const char *given, enum place place)
{
	while (*(given += strspn(given, SEPARATORS)) != '\0') {
		size_t length = strcspn(given, SEPARATORS);

		if (place_of(given, length) == place)
			add_entry(list, given, length);
		given += length;
	}
}

bool run_preload_can_name(const char *path)
{
	return strpbrk(path, SEPARATORS) == NULL;
}

bool run_preload_list(char *buffer, size_t bytes, const char *given, const char *library)
{
	struct cf_text list;

	if (!given)
		given = "";
	cf_text_begin(&list, buffer, bytes);
	add_all(&list, given, RUNTIME);
	add_entry(&list, library, strlen(library));
	add_all(&list, given, ANOTHER);
	return !list.full;
}
