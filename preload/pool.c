/* SPDX-License-Identifier: MIT */
/*
 * pool.c - free lists over chunks that come from mmap. Floor 0.
 */
#include "pool.h"

#include <sys/mman.h>

#include "keep.h"
#include "raw.h"

#define SMALLEST 64
#define CHUNK	 ((size_t)256 * 1024)

void *cf_pool_pages(size_t size)
{
	long result = cf_raw_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result < 0 && result > -4096 ? NULL : (void *)result;
}

static char *chunk_of(size_t size)
{
	char *chunk = cf_pool_pages(size);

	if (chunk)
		cf_keep(chunk, size);
	return chunk;
}

static int index_of(size_t size)
{
	int index = 0;

	while (index < CF_POOL_SIZES && ((size_t)SMALLEST << index) < size)
		index++;
	return index;
}

void *cf_pool_get(struct cf_pool *pool, size_t size)
{
	int index = index_of(size);

	if (index == CF_POOL_SIZES)
		return NULL;
	size = (size_t)SMALLEST << index;
	if (pool->free[index]) {
		void **piece = pool->free[index];

		pool->free[index] = *piece;
		return piece;
	}
	if (size >= CHUNK)
		return chunk_of(size);
	if (pool->left < size) {
		char *chunk = chunk_of(CHUNK);

		if (!chunk)
			return NULL;
		pool->at = chunk;
		pool->left = CHUNK;
	}
	void *piece = pool->at;
	pool->at += size;
	pool->left -= size;
	return piece;
}

void cf_pool_put(struct cf_pool *pool, void *piece, size_t size)
{
	int index = index_of(size);

	*(void **)piece = pool->free[index];
	pool->free[index] = piece;
}
