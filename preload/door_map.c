/* SPDX-License-Identifier: MIT */
/*
 * door_map.c - the doors for mappings: mmap(), munmap(), mremap(), and the ioctl() by
 * which userfaultfd watches them. The rules are those of door_fd.c.
 */
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "entry.h"
#include "mapped.h"
#include "mapping.h"
#include "real.h"
#include "unmapping.h"
#include "watched.h"

CF_DOOR void *mmap(void *at, size_t length, int protection, int flags, int fd,
		   off_t offset)
{
	if (cf_mapping_is_plain(flags) || !cf_entry_may_enter())
		return cf_real_mmap(at, length, protection, flags, fd, offset);
	return cf_mapping_map(at, length, protection, flags, fd, offset);
}

/* The same function: off_t has 64 bits here. */
CF_DOOR void *mmap64(void *at, size_t length, int protection, int flags, int fd,
		     off_t offset) __attribute__((alias("mmap")));

CF_DOOR int munmap(void *at, size_t length)
{
	if (cf_mapped_is_any_known() && cf_entry_may_enter())
		return cf_unmapping_run(at, length);
	return cf_real_munmap(at, length);
}

CF_DOOR void *mremap(void *from, size_t length, size_t new_length, int flags, ...)
{
	void *to = NULL;
	va_list rest;

	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		va_start(rest, flags);
		to = va_arg(rest, void *);
		va_end(rest);
	}
	if (cf_mapped_is_any_known() && cf_entry_may_enter())
		return cf_mapping_move(from, length, new_length, flags, to);
	return cf_real_mremap(from, length, new_length, flags, to);
}

CF_DOOR int ioctl(int fd, unsigned long request, ...)
{
	va_list rest;

	va_start(rest, request);
	void *argument = va_arg(rest, void *);
	va_end(rest);
	if (cf_watched_is_plain(request) || !cf_entry_may_enter())
		return cf_real_ioctl(fd, request, argument);
	return cf_watched_ioctl(fd, request, argument);
}
