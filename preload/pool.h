/* SPDX-License-Identifier: MIT */
#ifndef CF_POOL_H
#define CF_POOL_H

#include <stddef.h>

/*
 * pool.h - memory of our own for tables: pieces in powers of two, never malloc.
 *
 * Floor 0. A pool belongs to one owner, whose lock guards it. Zero-initialised
 * is empty. Memory goes back to the pool, not to the kernel; it is kept for bare tasks,
 * which may be pointed to pieces (see keep.h).
 */

#define CF_POOL_SIZES 16 /* 64 bytes to 2 MiB */

struct cf_pool {
	void *free[CF_POOL_SIZES]; /* lists of pieces by size   */
	char *at;		   /* unused rest of the chunk  */
	size_t left;
};

/* A piece of at least `size` bytes, not cleared, aligned to 64; NULL when there is none.
   The owner gives it back with cf_pool_put() and the same size. */
void *cf_pool_get(struct cf_pool *pool, size_t size);
void cf_pool_put(struct cf_pool *pool, void *piece, size_t size);

/* Pages straight from the kernel, zeroed; NULL when there are none. Never given back. */
void *cf_pool_pages(size_t size);

#endif
