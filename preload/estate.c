/* SPDX-License-Identifier: MIT */
/*
 * estate.c - munmap of nearly everything, in as few calls as can be. Floor 0.
 *
 * Nobody is asked what is mapped: unmapping what is not costs nothing.
 */
#include "estate.h"

#include <errno.h>

#include "keep.h"
#include "raw.h"

#define HIGHEST_BITS  56      /* of user addresses, on any machine we know */
#define LOWEST_BITS   36      /* the same */
#define MOST_REFUSALS 1000000 /* half a second; a GiB that is sealed takes 524,288 */

static long unmap(uintptr_t start, uintptr_t length)
{
	return cf_raw_call3(SYS_munmap, (long)start, (long)length, 0);
}

/* What is refused is tried in halves, down to a page, which is skipped; from there on in
   doubles. */
static void release(uintptr_t start, uintptr_t end, int *refusals)
{
	uintptr_t length = end - start;

	while (start < end && *refusals < MOST_REFUSALS) {
		if (length > end - start)
			length = end - start;
		if (unmap(start, length) != 0) {
			++*refusals;
			if (length > CF_KEEP_PAGE) {
				length = (length / 2 + CF_KEEP_PAGE - 1) &
					 ~(CF_KEEP_PAGE - 1);
				continue;
			}
		}
		start += length;
		length *= 2;
	}
}

static bool held_after(bool (*risky_after)(uintptr_t at, uintptr_t *start,
					   uintptr_t *end),
		       uintptr_t at, uintptr_t *start, uintptr_t *end)
{
	uintptr_t from, to;
	bool is_any = cf_keep_after(at, start, end);

	if (!risky_after || !risky_after(at, &from, &to) || (is_any && *start < from))
		return is_any;
	*start = from;
	*end = to;
	return true;
}

/* Where user space ends, but for a page: a range that goes beyond is an error, and nothing
   of it is unmapped. Above `at` there is nothing to hold. */
static uintptr_t top_above(uintptr_t at)
{
	for (int bits = HIGHEST_BITS; bits >= LOWEST_BITS; bits--) {
		uintptr_t top = ((uintptr_t)1 << bits) - CF_KEEP_PAGE;

		if (top <= at)
			break;
		if (unmap(top - CF_KEEP_PAGE, CF_KEEP_PAGE) != -EINVAL)
			return top;
	}
	return at;
}

static bool has_shadow_stack(void)
{
#if defined(__x86_64__)
	unsigned long top = 0;

	__asm__ volatile("rdsspq %0" : "+r"(top)); /* does nothing where there is none */
	return top != 0;
#else
	register unsigned long guarded __asm__("x16") = 1;

	__asm__ volatile("hint #40" : "+r"(guarded)); /* chkfeat: clears what is on */
	return guarded == 0;
#endif
}

void cf_estate_release(bool (*risky_after)(uintptr_t at, uintptr_t *start,
					   uintptr_t *end))
{
	uintptr_t at = 0, start, end;
	int refusals = 0;

	if (!cf_keep_is_complete() || has_shadow_stack())
		return;
	while (held_after(risky_after, at, &start, &end)) {
		if (start > at)
			release(at, start, &refusals);
		at = end;
	}
	release(at, top_above(at), &refusals);
}

void cf_estate_release_risky(bool (*risky_after)(uintptr_t at, uintptr_t *start,
						 uintptr_t *end))
{
	uintptr_t at = 0, start, end;

	while (risky_after && risky_after(at, &start, &end)) {
		unmap(start, end - start);
		at = end;
	}
}
