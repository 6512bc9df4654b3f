/* SPDX-License-Identifier: MIT */
/*
 * spans.c - a sorted array. Floor 0. Built like errand.c.
 */
#include "spans.h"

#include "keep.h"
#include "pool.h"
#include "raw.h"

#define FIRST_ROOM 256

size_t cf_spans_find(const struct cf_spans *spans, uintptr_t address)
{
	size_t from = 0, to = spans->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (spans->at[middle].end > address)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

static bool grow(struct cf_spans *spans)
{
	size_t room = spans->room ? spans->room * 2 : FIRST_ROOM;
	struct cf_span *at = cf_pool_pages(room * sizeof(*at));

	if (!at)
		return false;
	cf_keep(at, room * sizeof(*at));
	for (size_t i = 0; i < spans->count; i++)
		at[i] = spans->at[i];
	spans->at =
		at; /* the old pages stay: a bare task may be looking, and they are few */
	spans->room = room;
	return true;
}

bool cf_spans_insert(struct cf_spans *spans, struct cf_span span)
{
	size_t place = cf_spans_find(spans, span.start);

	if (spans->count == spans->room && !grow(spans))
		return false;
	for (size_t i = spans->count; i > place; i--)
		spans->at[i] = spans->at[i - 1];
	spans->at[place] = span;
	spans->count++;
	return true;
}

void cf_spans_remove(struct cf_spans *spans, size_t place)
{
	spans->count--;
	for (size_t i = place; i < spans->count; i++)
		spans->at[i] = spans->at[i + 1];
}
