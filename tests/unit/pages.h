/* SPDX-License-Identifier: MIT */
#ifndef PAGES_H
#define PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "events.h"
#include "hand.h"
#include "policy.h"
#include "ranges.h"

/*
 * pages.h - pages to be unmapped, and doubles for the floors below the flows of mappings: they answer as
 * a test has said, and note what they saw. Link with --wrap for each.
 */

#define PAGES_BYTES	  ((uintptr_t)4096)
#define PAGES_MOST_ORDERS 8
#define PAGES_COUNT	  16

struct pages_order {
	enum cf_errand_kind kind;
	struct cf_call call;
	struct cf_write_back pages; /* of a write-back, or the job of a range */
	struct cf_mount *mount;
	int64_t deadline_ns, left_ns;
	bool was_known;	    /* in the table of ranges, when the hand began */
	bool was_inherited; /* by a child that was forked then             */
};

struct pages {
	struct cf_policy policy;
	struct cf_mount mount;
	char *at; /* PAGES_COUNT of memory */

	struct cf_outcome outcome; /* what hands answer          */
	bool is_slow;
	bool is_risky;	  /* any fd that is mapped      */
	int munmap_error; /* 0: the kernel's own answer */

	int hands, reports, watches, munmaps;
	struct pages_order orders[PAGES_MOST_ORDERS];
	struct cf_event event; /* the last one */
};

extern struct pages pages;

/* Fits cmocka_unit_test_setup(). */
int pages_begin(void **state);

/* Note these pages of pages.at as a mapping of such a kind. */
void pages_know(int from, int end, enum cf_range_kind kind);

/* Park them; `is_going`: as if a hand was unmapping them just now. */
struct cf_parked_range *pages_park(int from, int end, bool is_going);

/* Whether anything is mapped at the page; whether the table of ranges holds it. */
bool pages_is_there(int page);
bool pages_is_known(int page);

/* Whether a child that is forked now has the page. */
bool pages_is_inherited(int page);

/* Fails the test unless munmap of these pages returns so. */
void pages_unmap(int from, int end, int result, int error);

/* The address of a page. */
char *pages_page(int page);

#endif
