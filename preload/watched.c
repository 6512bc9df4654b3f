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
#include "raw.h"
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
	const struct uffdio_register *watch = argument;
	const struct uffdio_range *range = argument;

	if (request == UFFDIO_REGISTER && atomic_load(&is_told))
		note_range(&watch->range);
	if (request == UFFDIO_UNREGISTER && atomic_load(&is_told))
		cf_ranges_forget((uintptr_t)range->start,
				 (uintptr_t)(range->start + range->len));
}

/* Asked before the call: the kernel answers with all that it could do. The address may be
   a wrong one. */
static bool wants_to_be_told(unsigned long request, const struct uffdio_api *api)
{
	uint64_t features = 0;

	return request == UFFDIO_API && api &&
	       cf_raw_peek((const uint64_t *)&api->features, &features) >= 0 &&
	       (features & UFFD_FEATURE_EVENT_UNMAP);
}

int cf_watched_ioctl(int fd, unsigned long request, void *argument)
{
	bool is_wish = wants_to_be_told(request, argument);
	int result = cf_real_ioctl(fd, request, argument);

	if (result == 0 && is_wish)
		atomic_store(&is_told, true);
	if (result == 0)
		note(request, argument);
	return result;
}
