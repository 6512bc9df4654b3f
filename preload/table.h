/* SPDX-License-Identifier: MIT */
#ifndef CF_TABLE_H
#define CF_TABLE_H

/*
 * table.h - uthash as our tables use it: no exit when memory is short, and memory
 * from a pool of the table's owner, which must be called `pool`.
 *
 * Floor 0; included by handles.c and mounts.c alone.
 */

#define HASH_NONFATAL_OOM	 1
#define uthash_malloc(size)	 cf_pool_get(&pool, size)
#define uthash_free(piece, size) cf_pool_put(&pool, piece, size)

#include <uthash.h>

#endif
