/* SPDX-License-Identifier: MIT */
/*
 * handles.c - the live table on uthash. Floor 1.
 */
#include "handles.h"

#include <stddef.h>

#include "layout.h"
#include "lock.h"
#include "pool.h"
#include "table.h"

struct key {
	uintptr_t kind, id; /* two words: no padding to hash */
};

struct entry {
	struct key key;
	struct cf_handle handle;
	UT_hash_handle hh;
};

#define MOST_GONE 1024

static struct cf_lock lock;
static CF_TABLE struct cf_pool pool;
static struct entry *table;
static CF_TABLE struct key gone[MOST_GONE]; /* a ring: the oldest makes place */
static unsigned buried;

static struct entry *find(const struct key *key)
{
	struct entry *entry;

	HASH_FIND(hh, table, key, sizeof(*key), entry);
	return entry;
}

static void drop(struct entry *entry)
{
	HASH_DEL(table, entry);
	cf_pool_put(&pool, entry, sizeof(*entry));
}

static void add(const struct cf_handle *handle)
{
	struct key key = { handle->kind, handle->id };
	struct entry *entry = find(&key);

	if (!entry) {
		entry = cf_pool_get(&pool, sizeof(*entry));
		if (!entry)
			return;
		entry->key = key;
		HASH_ADD(hh, table, key, sizeof(key), entry);
		if (!entry->hh.tbl) { /* out of memory inside uthash */
			cf_pool_put(&pool, entry, sizeof(*entry));
			return;
		}
	}
	entry->handle = *handle;
}

void cf_handles_add(const struct cf_handle *handle)
{
	if (!cf_lock_take(&lock))
		return;
	add(handle);
	cf_lock_release(&lock);
}

void cf_handles_bury(const struct cf_handle *handle)
{
	struct cf_handle dead = *handle;

	if (!cf_lock_take(&lock))
		return;
	struct key *oldest = &gone[buried++ % MOST_GONE];
	struct entry *entry = buried > MOST_GONE ? find(oldest) : NULL;
	if (entry && entry->handle.is_gone)
		drop(entry);
	*oldest = (struct key){ handle->kind, handle->id };
	dead.is_gone = true;
	add(&dead);
	cf_lock_release(&lock);
}

bool cf_handles_take(enum cf_handle_kind kind, uintptr_t id, struct cf_handle *handle)
{
	struct key key = { kind, id };

	if (!cf_lock_take(&lock))
		return false;
	struct entry *entry = find(&key);
	if (entry) {
		*handle = entry->handle;
		drop(entry);
	}
	cf_lock_release(&lock);
	return entry != NULL;
}

bool cf_handles_find(enum cf_handle_kind kind, uintptr_t id, struct cf_handle *handle)
{
	struct key key = { kind, id };

	if (!cf_lock_take(&lock))
		return false;
	struct entry *entry = find(&key);
	if (entry)
		*handle = entry->handle;
	cf_lock_release(&lock);
	return entry != NULL;
}

void cf_handles_unbury(enum cf_handle_kind kind, uintptr_t id)
{
	struct key key = { kind, id };

	if (!cf_lock_take(&lock))
		return;
	struct entry *entry = find(&key);
	if (entry && entry->handle.is_gone)
		drop(entry);
	cf_lock_release(&lock);
}

const void *cf_handles_maker(enum cf_handle_kind kind, uintptr_t id)
{
	struct key key = { kind, id };

	if (!cf_lock_take(&lock))
		return NULL;
	struct entry *entry = find(&key);
	const void *maker = entry && !entry->handle.is_gone ? entry->handle.maker : NULL;
	cf_lock_release(&lock);
	return maker;
}

void cf_handles_set_waited(enum cf_handle_kind kind, uintptr_t id, int64_t waited_ns)
{
	struct key key = { kind, id };

	if (!cf_lock_take(&lock))
		return;
	struct entry *entry = find(&key);
	if (entry)
		entry->handle.waited_ns = waited_ns;
	cf_lock_release(&lock);
}

static bool is_later(const struct cf_handle *handle, const struct cf_handle *than)
{
	return !than || handle->seen > than->seen;
}

bool cf_handles_last(enum cf_handle_kind kind, cf_instant since, struct cf_handle *handle)
{
	const struct cf_handle *last = NULL;

	if (!cf_lock_take(&lock))
		return false;
	for (struct entry *at = table; at; at = at->hh.next) {
		if (at->handle.kind == kind && at->handle.is_born &&
		    !at->handle.is_gone && at->handle.seen < since &&
		    is_later(&at->handle, last))
			last = &at->handle;
	}
	if (last)
		*handle = *last;
	cf_lock_release(&lock);
	return last != NULL;
}

unsigned cf_handles_count(void)
{
	if (!cf_lock_take(&lock))
		return 0;
	unsigned count = HASH_COUNT(table);
	cf_lock_release(&lock);
	return count;
}

void cf_handles_after_fork(void)
{
	/* Another thread may have been inside at the fork: the old memory is left as it is. */
	lock = (struct cf_lock){ 0 };
	pool = (struct cf_pool){ 0 };
	table = NULL;
	buried = 0;
}
