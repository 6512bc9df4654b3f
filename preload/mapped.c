/* SPDX-License-Identifier: MIT */
/*
 * mapped.c - addresses and words. Floor 2.
 */
#include "mapped.h"

#include <sys/auxv.h>

#include "futex.h"
#include "mounts.h"
#include "parked_ranges.h"

#define LOOK (CF_MS / 2)

/* Where the memory of a program ends that has not asked for more. */
#if defined(__x86_64__)
#define HIGHEST (((uintptr_t)1 << 47) - 4096)
#else
#define HIGHEST ((uintptr_t)1 << 48)
#endif

static const struct cf_policy *policy; /* set once, before any door is open */
static uintptr_t page_mask;

void cf_mapped_begin(const struct cf_policy *new_policy)
{
	policy = new_policy;
	page_mask = getauxval(AT_PAGESZ) - 1;
}

bool cf_mapped_is_bound(void)
{
	return policy->deadline_ns[CF_CLASS_MMAP] != CF_NEVER;
}

bool cf_mapped_is_enforced(void)
{
	return cf_mapped_is_bound() && policy->mode == CF_MODE_ENFORCE;
}

cf_instant cf_mapped_deadline(void)
{
	return cf_clock_after(policy->deadline_ns[CF_CLASS_MMAP]);
}

size_t cf_mapped_round(size_t length)
{
	return (length + page_mask) & ~page_mask;
}

bool cf_mapped_is_any_known(void)
{
	return cf_ranges_any() || cf_parked_ranges_any();
}

bool cf_mapped_is_sound(const void *at, size_t length, uintptr_t *start, uintptr_t *end)
{
	*start = (uintptr_t)at;
	*end = (*start + length + page_mask) & ~page_mask;
	return length > 0 && (*start & page_mask) == 0 && *end > *start &&
	       *end - *start >= length && *end <= HIGHEST;
}

struct cf_write_back cf_mapped_pages(const struct cf_range *piece)
{
	return (struct cf_write_back){ piece->start, piece->end - piece->start, piece->fd,
				       piece->file };
}

struct cf_event cf_mapped_event(const char *call, const struct cf_range *piece)
{
	static const char *const types[] = { [CF_RANGE_FILE] = "unknown",
					     [CF_RANGE_DEVICE] = "device",
					     [CF_RANGE_WATCHED] = "userfaultfd" };

	return (struct cf_event){
		.ending = CF_EVENT_FINISHED,
		.call = call,
		.class = cf_policy_class_name(CF_CLASS_MMAP),
		.is_address = true,
		.address = (const void *)piece->start,
		.name = piece->name,
		.mount = piece->mount ? piece->mount->point : "",
		.type = piece->mount ? piece->mount->type : types[piece->kind],
		.deadline_ns = policy->deadline_ns[CF_CLASS_MMAP],
	};
}

bool cf_mapped_await_nothing_parked(uintptr_t start, uintptr_t end, cf_instant deadline)
{
	struct cf_parked_piece parked;
	static const _Atomic int never = 0;

	while (cf_parked_ranges_find(start, end, &parked)) {
		if (cf_clock_left(deadline) == 0)
			return false;
		cf_futex_wait(&never, 0, LOOK);
	}
	return true;
}
