/* SPDX-License-Identifier: MIT */
#ifndef CF_SPANS_H
#define CF_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * spans.h - address spans in order, none over another, each with what its owner knows of
 * it.
 *
 * Floor 0. Belongs to one owner, whose lock guards it; zero-initialised is empty. Memory
 * is our own. Built like errand.c: once the program is gone a bare task may look, too.
 */

struct cf_span {
	uintptr_t start, end; /* the first byte after it */
	void *what;
};

struct cf_spans {
	struct cf_span *at;
	size_t count, room;
};

/* The place of the first span that ends after `address`; spans->count for none. */
size_t cf_spans_find(const struct cf_spans *spans, uintptr_t address);

/* Insert a span that touches no other. False when there is no memory. */
bool cf_spans_insert(struct cf_spans *spans, struct cf_span span);

/* Remove the span at this place. */
void cf_spans_remove(struct cf_spans *spans, size_t place);

#endif
