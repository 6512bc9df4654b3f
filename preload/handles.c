/* SPDX-License-Identifier: MIT */
/*
 * handles.c - the live table on uthash. Floor 1.
 */
#include "handles.h"

#include <stddef.h>

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

static struct cf_lock lock;
static struct cf_pool pool;
static struct entry *table;

static struct entry *find(const struct key *key)
{
	struct entry *entry;

	HASH_FIND(hh, table, key, sizeof(*key), entry);
	return entry;
}

void cf_handles_add(const struct cf_handle *handle)
{
	struct key key = { handle->kind, handle->id };

	if (!cf_lock_take(&lock))
		return;
	struct entry *entry = find(&key);
	if (!entry) {
		entry = cf_pool_get(&pool, sizeof(*entry));
		if (entry) {
			entry->key = key;
			HASH_ADD(hh, table, key, sizeof(key), entry);
			if (!entry->hh.tbl) { /* out of memory inside uthash */
				cf_pool_put(&pool, entry, sizeof(*entry));
				entry = NULL;
			}
		}
	}
	if (entry)
		entry->handle = *handle;
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
		HASH_DEL(table, entry);
		cf_pool_put(&pool, entry, sizeof(*entry));
	}
	cf_lock_release(&lock);
	return entry != NULL;
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
}
