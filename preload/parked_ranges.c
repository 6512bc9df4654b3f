/* SPDX-License-Identifier: MIT */
/*
 * parked_ranges.c - a short list, looked through from end to end. Floor 0.
 *
 * Built like errand.c. The program never takes a range from a hand: as long as one is
 * parked its addresses are in use, and nobody else can be given them.
 */
#include "parked_ranges.h"

#include <stdatomic.h>

#include "keep.h"
#include "layout.h"
#include "pool.h"
#include "raw.h"

#define PAGE_RANGES 256
#define PAGES	    256
#define MOST	    (PAGES * PAGE_RANGES)

enum {
	FREE,
	BEING_MADE,
	WAITS,	 /* nobody is at it                       */
	TAKEN,	 /* about to be written back, or just now */
	UNMAPPED /* just now: somebody else's any moment  */
};

/* Not from the kernel, which may give us a hole that the program unmaps once more. */
static CF_TABLE struct cf_parked_range first[PAGE_RANGES];
static CF_TABLE struct cf_parked_range
	*_Atomic pages[PAGES]; /* of number 0 it is the first */
static _Atomic int count;
static _Atomic int end; /* above every record ever used */

bool cf_parked_ranges_any(void)
{
	return atomic_load_explicit(&count, memory_order_acquire) > 0;
}

static struct cf_parked_range *record_of(int i)
{
	struct cf_parked_range *page = first;

	if (i >= PAGE_RANGES)
		page = atomic_load_explicit(&pages[i / PAGE_RANGES],
					    memory_order_acquire);

	return &page[i % PAGE_RANGES];
}

/* False when there is no memory. */
static bool make_page(int i)
{
	const size_t size = PAGE_RANGES * sizeof(struct cf_parked_range);
	struct cf_parked_range *none = NULL, *page;

	if (i < PAGE_RANGES ||
	    atomic_load_explicit(&pages[i / PAGE_RANGES], memory_order_acquire))
		return true;
	page = cf_pool_pages(size);
	if (!page)
		return false;
	cf_keep(page, size);
	if (!atomic_compare_exchange_strong(&pages[i / PAGE_RANGES], &none, page))
		cf_raw_call3(SYS_munmap, (long)page, (long)size, 0);
	return true;
}

static bool change(struct cf_parked_range *range, int from, int to)
{
	return atomic_load(&range->state) == from &&
	       atomic_compare_exchange_strong(&range->state, &from, to);
}

struct cf_parked_range *cf_parked_ranges_add(const struct cf_write_back *job,
					     const void *mount)
{
	for (int i = 0; i < MOST && make_page(i); i++) {
		struct cf_parked_range *range = record_of(i);
		int last = atomic_load(&end);

		if (!change(range, FREE, BEING_MADE))
			continue;
		range->job = *job;
		range->mount = mount;
		while (last <= i && !atomic_compare_exchange_weak(&end, &last, i + 1))
			;
		atomic_fetch_add(&count, 1);
		atomic_store(&range->state, TAKEN);
		return range;
	}
	return NULL;
}

/* False when the record is free, or was used again while it was read. */
static bool read_piece(const struct cf_parked_range *range, struct cf_parked_piece *piece)
{
	int state = atomic_load(&range->state);

	if (state < WAITS)
		return false;
	piece->start = range->job.start;
	piece->end = piece->start + range->job.length;
	piece->is_going = state == UNMAPPED;
	return atomic_load(&range->state) >= WAITS && range->job.start == piece->start;
}

bool cf_parked_ranges_find(uintptr_t start, uintptr_t stop, struct cf_parked_piece *piece)
{
	int last = cf_parked_ranges_any() ? atomic_load(&end) : 0;
	struct cf_parked_piece found;
	bool is_any = false;

	for (int i = 0; i < last; i++) {
		if (!read_piece(record_of(i), &found) || found.start >= stop ||
		    found.end <= start || (is_any && found.start >= piece->start))
			continue;
		*piece = found;
		is_any = true;
	}
	return is_any;
}

struct cf_parked_range *cf_parked_ranges_take_any(const void *mount)
{
	int last = cf_parked_ranges_any() ? atomic_load(&end) : 0;

	for (int i = 0; i < last; i++) {
		if (record_of(i)->mount == mount && change(record_of(i), WAITS, TAKEN))
			return record_of(i);
	}
	return NULL;
}

static void forget(struct cf_parked_range *range)
{
	atomic_store(&range->state, FREE);
	atomic_fetch_sub(&count, 1);
}

long cf_parked_ranges_unmap(struct cf_parked_range *range, long *written)
{
	*written = cf_write_back(&range->job);
	atomic_store(&range->state, UNMAPPED);
	long result = cf_raw_call3(SYS_munmap, (long)range->job.start,
				   (long)range->job.length, 0);
	forget(range);
	return result;
}

void cf_parked_ranges_give_back(struct cf_parked_range *range)
{
	/* Ended inside munmap: the kernel has removed the range before it can wait. */
	if (atomic_load(&range->state) == UNMAPPED)
		forget(range);
	else
		atomic_store(&range->state, WAITS);
}

void cf_parked_ranges_drop(struct cf_parked_range *range)
{
	forget(range);
}

void cf_parked_ranges_after_fork(void)
{
	for (int i = atomic_load(&end) - 1; i >= 0; i--)
		atomic_store(&record_of(i)->state, FREE);
	atomic_store(&count, 0);
}
