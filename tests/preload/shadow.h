/* SPDX-License-Identifier: MIT */
#ifndef SHADOW_H
#define SHADOW_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/*
 * shadow.h - what each page of a victim must hold, kept beside the pages themselves.
 *
 * One thread per worker. A page that is not what its shadow says ends the victim; see
 * victim.h. A page holds its value in its first and its last word.
 */

#define SHADOW_BYTES ((size_t)4096)
#define SHADOW_OWN   48 /* pages of the area that is a worker's own       */
#define SHADOW_AREAS 5	/* that one, and those where the kernel chose     */
#define SHADOW_FILE                                                                      \
	32 /* pages of the file that a worker stores into;
			   as many that keep what they had at the start   */

enum page_kind {
	PAGE_NONE, /* nothing of ours: unmapped, reserved, or not gone yet */
	PAGE_MEMORY,
	PAGE_SHARED,
	PAGE_PRIVATE,
};

struct page {
	enum page_kind kind;
	int mapping;	/* the same for pages that came by one call   */
	int file_page;	/* of PAGE_SHARED and PAGE_PRIVATE            */
	uint64_t value; /* but of PAGE_SHARED: that is in `stored`    */
};

struct area {
	char *base;
	int count; /* 0: free */
	struct page pages[SHADOW_OWN];
};

struct worker {
	pthread_t thread;
	int number, fd;
	unsigned seed;
	const char *path;
	int last_mapping;
	uint64_t last_value;
	struct area areas[SHADOW_AREAS]; /* the first is its own */
	uint64_t stored[SHADOW_FILE];	 /* what it stored into the file */
};

struct span {
	struct area *area;
	int from, count;
};

/* Something to be mapped. */
struct fresh {
	enum page_kind kind;
	int count, file_page; /* 0 for PAGE_MEMORY */
};

/* Fill the worker's part of the file; later compare it, past the page cache. */
void shadow_make_file(struct worker *worker);
void shadow_check_file(const struct worker *worker);

/* A page of the file from which `count` can be mapped so; `chance` is any number. */
int shadow_file_page(const struct worker *worker, enum page_kind kind, int count,
		     int chance);

/* Where a span begins; all of an area; whether a span of it has pages that are not mapped,
   or pages of a file. */
char *shadow_address(struct span span);
struct span shadow_all(struct area *area);
int shadow_has_hole(struct span span);
int shadow_has_file(struct span span);

/* The first pages at or after `from` that are no hole, up to the next; 0 for no more. */
struct span shadow_next(struct area *area, int from);

/* All neighbours of this page that came by the same call; 0 of a hole. */
struct span shadow_run(struct span span);

/* An area that is free; NULL when none is. */
struct area *shadow_free_area(struct worker *worker);

/* Compare the pages with what they must hold; or store something new in each. */
void shadow_check(const struct worker *worker, struct span span);
void shadow_fill(struct worker *worker, struct span span);

/* Tell what has become of pages. */
void shadow_set(struct worker *worker, struct span span, const struct fresh *fresh);
void shadow_clear(struct span span);
void shadow_move(struct worker *worker, struct span from, struct span to);

/* Whether one more page can follow the run; and that it now does. */
int shadow_may_grow(const struct worker *worker, struct span run);
void shadow_grow(struct worker *worker, struct span run);

/* Whether a file of this path is mapped anywhere in the process. */
int shadow_is_mapped(const char *path);

#endif
