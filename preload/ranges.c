/* SPDX-License-Identifier: MIT */
/*
 * ranges.c - spans of addresses, and what is known of each. Floor 1.
 */
#include "ranges.h"

#include <stdatomic.h>
#include <stddef.h>

#include "layout.h"
#include "lock.h"
#include "pool.h"

static struct cf_lock lock;
static CF_TABLE struct cf_pool pool;
static struct cf_spans spans;
static _Atomic size_t count; /* of spans, for who has no lock */

bool cf_ranges_any(void)
{
	return atomic_load_explicit(&count, memory_order_relaxed) > 0;
}

static void settle(void)
{
	atomic_store_explicit(&count, spans.count, memory_order_relaxed);
}

static void insert(const struct cf_range *range)
{
	struct cf_range *copy = cf_pool_get(&pool, sizeof(*copy));

	if (!copy)
		return;
	*copy = *range;
	if (!cf_spans_insert(&spans, (struct cf_span){ range->start, range->end, copy }))
		cf_pool_put(&pool, copy, sizeof(*copy));
}

/* The lowest piece of [start, end), cut to that. */
static bool look(uintptr_t start, uintptr_t end, size_t *place, struct cf_range *piece)
{
	*place = cf_spans_find(&spans, start);
	if (start >= end || *place == spans.count || spans.at[*place].start >= end)
		return false;
	*piece = *(struct cf_range *)spans.at[*place].what;
	if (piece->start < start)
		piece->start = start;
	if (piece->end > end)
		piece->end = end;
	return true;
}

/* Cut a piece out of the span at this place; what is left of it stays. */
static void cut(size_t place, const struct cf_range *piece)
{
	struct cf_range *whole = spans.at[place].what;
	struct cf_range left = *whole, right = *whole;

	cf_spans_remove(&spans, place);
	cf_pool_put(&pool, whole, sizeof(*whole));
	left.end = piece->start;
	right.start = piece->end;
	if (left.start < left.end)
		insert(&left);
	if (right.start < right.end)
		insert(&right);
}

static bool take(uintptr_t start, uintptr_t end, struct cf_range *piece)
{
	size_t place;
	bool is_found = look(start, end, &place, piece);

	if (is_found)
		cut(place, piece);
	settle();
	return is_found;
}

void cf_ranges_add(const struct cf_range *range)
{
	struct cf_range old;

	if (!cf_lock_take(&lock))
		return;
	while (take(range->start, range->end, &old))
		;
	insert(range);
	settle();
	cf_lock_release(&lock);
}

bool cf_ranges_take(uintptr_t start, uintptr_t end, struct cf_range *piece)
{
	if (!cf_ranges_any() || !cf_lock_take(&lock))
		return false;
	bool is_found = take(start, end, piece);
	cf_lock_release(&lock);
	return is_found;
}

bool cf_ranges_find(uintptr_t start, uintptr_t end, struct cf_range *piece)
{
	size_t place;

	if (!cf_ranges_any() || !cf_lock_take(&lock))
		return false;
	bool is_found = look(start, end, &place, piece);
	cf_lock_release(&lock);
	return is_found;
}

void cf_ranges_forget(uintptr_t start, uintptr_t end)
{
	struct cf_range old;

	while (cf_ranges_take(start, end, &old))
		;
}

/* In its place. */
static void resize(uintptr_t from, uintptr_t end, uintptr_t new_end)
{
	struct cf_range piece;

	if (new_end < end)
		cf_ranges_forget(new_end, end);
	for (; new_end > end && cf_ranges_find(from, end, &piece); from = piece.end) {
		if (piece.end < end)
			continue;
		piece.end = new_end;
		cf_ranges_add(&piece);
	}
}

void cf_ranges_move(uintptr_t from, uintptr_t end, uintptr_t to, size_t length,
		    bool is_kept)
{
	struct cf_range piece;

	if (to == from && !is_kept) {
		resize(from, end, to + length);
		return;
	}
	cf_ranges_forget(to, to + length);
	for (uintptr_t at = from; at < end; at = piece.end) {
		if (!(is_kept ? cf_ranges_find(at, end, &piece)
			      : cf_ranges_take(at, end, &piece)))
			return;
		struct cf_range moved = piece;
		moved.start = to + (piece.start - from);
		moved.end = to + (piece.end == end || piece.end - from > length
					  ? length
					  : piece.end - from);
		if (moved.start < moved.end)
			cf_ranges_add(&moved);
	}
}

const struct cf_spans *cf_ranges_spans(void)
{
	return &spans;
}

void cf_ranges_after_fork(void)
{
	if (atomic_load(&lock.word)) {
		lock = (struct cf_lock){ 0 };
		pool = (struct cf_pool){ 0 };
		spans = (struct cf_spans){ 0 };
	}
	for (size_t place = 0; place < spans.count;) {
		const struct cf_range *range = spans.at[place].what;

		if (range->kind == CF_RANGE_WATCHED)
			cf_spans_remove(&spans, place);
		else
			place++;
	}
	settle();
}
