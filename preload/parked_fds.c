/* SPDX-License-Identifier: MIT */
/*
 * parked_fds.c - a record for each number, in pages that are made when the first number
 * of a thousand is parked. Floor 0.
 *
 * Built like errand.c: all but cf_parked_fds_add() may run in a bare task.
 */
#include "parked_fds.h"

#include <stdatomic.h>
#include <stddef.h>

#include "keep.h"
#include "layout.h"
#include "pool.h"
#include "raw.h"

#define PAGE_FDS 1024
#define PAGES	 (CF_PARKED_FDS_MOST / PAGE_FDS)

static CF_TABLE struct cf_parked_fd *_Atomic pages[PAGES];
static _Atomic int count;  /* of parked numbers             */
static _Atomic int end;	   /* above every number ever parked */
static _Atomic int cursor; /* where the last one was taken   */

bool cf_parked_fds_any(void)
{
	return atomic_load_explicit(&count, memory_order_relaxed) > 0;
}

static struct cf_parked_fd *record_of(int fd)
{
	if (fd < 0 || fd >= CF_PARKED_FDS_MOST)
		return NULL;
	struct cf_parked_fd *page =
		atomic_load_explicit(&pages[fd / PAGE_FDS], memory_order_acquire);
	return page ? &page[fd % PAGE_FDS] : NULL;
}

static struct cf_parked_fd *make_record(int fd)
{
	struct cf_parked_fd *record = record_of(fd), *none = NULL;
	const size_t size = PAGE_FDS * sizeof(*record);

	if (record || fd < 0 || fd >= CF_PARKED_FDS_MOST)
		return record;
	struct cf_parked_fd *page = cf_pool_pages(size);
	if (!page)
		return NULL;
	cf_keep(page, size);
	if (!atomic_compare_exchange_strong(&pages[fd / PAGE_FDS], &none, page))
		cf_raw_call3(SYS_munmap, (long)page, (long)size, 0);
	return record_of(fd);
}

bool cf_parked_fds_add(int fd, const struct cf_identity *identity, const void *mount)
{
	struct cf_parked_fd *record = make_record(fd);
	int not_parked = CF_PARKED_NOT, highest = atomic_load(&end);

	if (!record)
		return false;
	/* First: a child that is forked in between must not count too few. */
	atomic_fetch_add(&count, 1);
	if (!atomic_compare_exchange_strong(&record->state, &not_parked,
					    CF_PARKED_CLOSING)) {
		atomic_fetch_sub(&count, 1);
		return false;
	}
	record->identity = *identity;
	record->mount = mount;
	atomic_store(&record->taker, 0);
	while (highest <= fd && !atomic_compare_exchange_weak(&end, &highest, fd + 1))
		;
	atomic_store(&record->state, CF_PARKED_WAITS);
	return true;
}

const struct cf_parked_fd *cf_parked_fds_find(int fd)
{
	const struct cf_parked_fd *record = record_of(fd);

	return record && atomic_load(&record->state) != CF_PARKED_NOT ? record : NULL;
}

bool cf_parked_fds_take(int fd, int taker)
{
	struct cf_parked_fd *record = record_of(fd);
	int waits = CF_PARKED_WAITS;

	if (!record || atomic_load(&record->state) != CF_PARKED_WAITS ||
	    !atomic_compare_exchange_strong(&record->state, &waits, CF_PARKED_CLOSING))
		return false;
	atomic_store(&record->taker, taker);
	return true;
}

static int take_between(int from, int to, const void *mount, int taker)
{
	for (int fd = from; fd < to; fd++) {
		const struct cf_parked_fd *record = record_of(fd);

		if (!record)
			fd |= PAGE_FDS - 1;
		else if (atomic_load(&record->state) == CF_PARKED_WAITS &&
			 record->mount == mount && cf_parked_fds_take(fd, taker))
			return fd;
	}
	return -1;
}

int cf_parked_fds_take_any(const void *mount, int taker)
{
	int from = atomic_load(&cursor);

	if (!cf_parked_fds_any())
		return -1;
	int fd = take_between(from, atomic_load(&end), mount, taker);
	if (fd == -1)
		fd = take_between(0, from, mount, taker);
	if (fd != -1)
		atomic_store(&cursor, fd);
	return fd;
}

void cf_parked_fds_done(int fd)
{
	atomic_store(&record_of(fd)->state, CF_PARKED_NOT);
	atomic_fetch_sub(&count, 1);
}

void cf_parked_fds_give_back(int fd)
{
	atomic_store(&record_of(fd)->state, CF_PARKED_WAITS);
}

int cf_parked_fds_next(int fd)
{
	int last = atomic_load(&end);

	for (; cf_parked_fds_any() && fd < last; fd++) {
		if (!record_of(fd))
			fd |= PAGE_FDS - 1;
		else if (cf_parked_fds_find(fd))
			return fd;
	}
	return CF_PARKED_FDS_MOST;
}

void cf_parked_fds_after_fork(void)
{
	int fd = cf_parked_fds_next(0);

	for (; fd < CF_PARKED_FDS_MOST; fd = cf_parked_fds_next(fd + 1)) {
		struct cf_parked_fd *record = record_of(fd);
		struct cf_identity now = cf_identity_read(fd);

		if (cf_identity_is_same(&now, &record->identity))
			atomic_store(&record->state, CF_PARKED_WAITS);
		else
			cf_parked_fds_done(fd);
	}
}
