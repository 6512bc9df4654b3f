/* SPDX-License-Identifier: MIT */
/*
 * watched.c - three requests of userfaultfd, see ioctl_userfaultfd(2). Floor 3.
 *
 * Only a userfaultfd that asked for UFFD_FEATURE_EVENT_UNMAP is told of a munmap. Which
 * one it was is not remembered: one too many in the table costs some time, no more.
 */
#include "watched.h"

#include <linux/userfaultfd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/ioctl.h>

#include "ranges.h"
#include "real.h"

static _Atomic bool is_told; /* somebody wants to know of munmap */

bool cf_watched_is_plain(unsigned long request)
{
	return request != UFFDIO_API && request != UFFDIO_REGISTER &&
	       request != UFFDIO_UNREGISTER;
}

static void note_range(const struct uffdio_range *watched)
{
	struct cf_range range = {
		.start = (uintptr_t)watched->start,
		.end = (uintptr_t)(watched->start + watched->len),
		.kind = CF_RANGE_WATCHED,
		.fd = -1,
	};

	cf_ranges_add(&range);
}

static void note(unsigned long request, const void *argument)
{
	const struct uffdio_api *api = argument;
	const struct uffdio_register *watch = argument;
	const struct uffdio_range *range = argument;

	if (request == UFFDIO_API && (api->features & UFFD_FEATURE_EVENT_UNMAP))
		atomic_store(&is_told, true);
	if (request == UFFDIO_REGISTER && atomic_load(&is_told))
		note_range(&watch->range);
	if (request == UFFDIO_UNREGISTER && atomic_load(&is_told))
		cf_ranges_forget((uintptr_t)range->start,
				 (uintptr_t)(range->start + range->len));
}

int cf_watched_ioctl(int fd, unsigned long request, void *argument)
{
	int result = cf_real_ioctl(fd, request, argument);

	if (result == 0)
		note(request, argument);
	return result;
}
