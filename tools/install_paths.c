/* SPDX-License-Identifier: MIT */
/*
 * install_paths.c - the prefix is what is left of PREFIX/bin/curfew.
 */
#include "install_paths.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool strip_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

/* Once: in a mount namespace that is entered later, the link leads nowhere. */
static const char *find_prefix(void)
{
	static char prefix[PATH_MAX];

	if (prefix[0])
		return prefix;
	ssize_t length = readlink("/proc/self/exe", prefix, sizeof(prefix) - 1);
	if (length == -1)
		return NULL;
	prefix[length] = '\0';
	if (strip_last(prefix) && strip_last(prefix))
		return prefix;
	prefix[0] = '\0';
	errno = ENOENT;
	return NULL;
}

bool install_path(char *buffer, size_t bytes, const char *relative)
{
	const char *prefix = find_prefix();

	if (!prefix)
		return false;
	errno = ENAMETOOLONG;
	return (size_t)snprintf(buffer, bytes, "%s/%s", prefix, relative) < bytes;
}
