/* SPDX-License-Identifier: MIT */
/*
 * errand.c - the code of a hand. Floor 0.
 *
 * Built without sanitizers, stack protector and builtins; calls only what is built the
 * same way. A lint test looks at the symbols.
 */
#include "errand.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "parked_fds.h"
#include "raw.h"
#include "seal.h"

enum { NOT_SLOW, SLOW, BACK };

static int64_t now_ns(void)
{
	struct timespec now;

	now.tv_sec = 0;
	now.tv_nsec = 0;
	cf_raw_call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void cf_errand_count_slow(struct cf_errand *errand)
{
	int not_slow = NOT_SLOW;

	atomic_fetch_add(errand->tally.slow, 1); /* first: the hand may be back at once */
	if (!atomic_compare_exchange_strong(&errand->slow, &not_slow, SLOW))
		atomic_fetch_sub(errand->tally.slow, 1);
}

static void leave_mount(struct cf_errand *errand)
{
	if (errand->tally.under_way && atomic_exchange(&errand->is_counted, 0))
		atomic_fetch_sub(errand->tally.under_way, 1);
}

static void enter_mount(struct cf_errand *errand)
{
	atomic_fetch_add(errand->tally.under_way, 1);
	atomic_store(&errand->is_counted, 1);
}

static void count_back(struct cf_errand *errand)
{
	leave_mount(errand);
	if (atomic_exchange(&errand->slow, BACK) == SLOW)
		atomic_fetch_sub(errand->tally.slow, 1);
}

/* A call has come back: the mount answers. */
static void note_return(const struct cf_tally *tally)
{
	if (tally->returns) {
		atomic_fetch_add(tally->returns, 1);
		atomic_store(tally->sick_ns, 0);
	}
}

/* 0, or why not all could be written. */
static long write_all(const struct cf_bytes *bytes)
{
	size_t done = 0;

	if (bytes->back != 0)
		cf_raw_call3(SYS_lseek, bytes->fd, -bytes->back, SEEK_CUR);
	while (done < bytes->count) {
		long result = cf_raw_call3(SYS_write, bytes->fd, (long)(bytes->at + done),
					   (long)(bytes->count - done));

		if (result <= 0)
			return result < 0 ? result : -EIO;
		done += (size_t)result;
	}
	return 0;
}

long cf_errand_write(const struct cf_bytes *bytes)
{
	long written = 0;

	for (; bytes; bytes = bytes->next) {
		long error = write_all(bytes);

		written = written < 0 ? written : error;
	}
	return written;
}

/* What could not be written is the first error, as fclose() has it. */
static long write_and_call(const struct cf_errand *errand)
{
	const struct cf_call *call = &errand->call;
	long written = cf_errand_write(&errand->bytes), result = 0;

	if (call->number >= 0)
		result = cf_raw_call3(call->number, call->argument[0], 0, 0);
	return written < 0 ? written : result;
}

static long run(struct cf_errand *errand)
{
	const long *argument = errand->call.argument;

	switch (errand->kind) {
	case CF_ERRAND_WRITE_BACK:
		return cf_write_back(&errand->pages);
	case CF_ERRAND_UNMAP:
		return cf_parked_ranges_unmap(errand->range, &errand->written);
	case CF_ERRAND_WORK_OFF:
		return 0;
	case CF_ERRAND_WRITE:
		return write_and_call(errand);
	default:
		return cf_raw_call(errand->call.number, argument[0], argument[1],
				   argument[2], argument[3], 0, 0);
	}
}

/* One number that is parked on the mount; false when there is none. */
static bool close_parked(struct cf_errand *errand, int self)
{
	int fd = cf_parked_fds_take_any(errand->works_off, self);

	if (fd == -1)
		return false;
	atomic_store(&errand->parked_fd, fd);
	struct cf_identity now = cf_identity_read(fd);
	if (cf_identity_is_same(&now, &cf_parked_fds_find(fd)->identity)) {
		cf_raw_call3(SYS_close, fd, 0, 0);
		note_return(&errand->tally);
	}
	atomic_store(&errand->parked_fd, -1);
	cf_parked_fds_done(fd);
	return true;
}

static bool unmap_parked(struct cf_errand *errand)
{
	struct cf_parked_range *range = cf_parked_ranges_take_any(errand->works_off);
	long written;

	if (!range)
		return false;
	atomic_store(&errand->parked_range, range);
	cf_parked_ranges_unmap(range, &written);
	atomic_store(&errand->parked_range, NULL);
	note_return(&errand->tally);
	return true;
}

/* Whoever parks something looks afterwards for a hand that can still take it; so the last
   hand looks once more after it has left. */
static void work_off(struct cf_errand *errand, int self)
{
	bool is_more = errand->works_off != NULL;

	while (is_more) {
		while (close_parked(errand, self) || unmap_parked(errand))
			;
		leave_mount(errand);
		is_more = close_parked(errand, self) || unmap_parked(errand);
		if (is_more)
			enter_mount(errand);
	}
}

void cf_errand_run(void *room)
{
	struct cf_errand *errand = room;
	int under_way = CF_ERRAND_UNDER_WAY;
	int self = (int)cf_raw_call3(SYS_gettid, 0, 0, 0); /* before the seal */

	cf_raw_call3(SYS_unshare, CLONE_FS, 0, 0);
	cf_raw_call3(SYS_setpgid, 0, 0, 0);
	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)CF_ERRAND_TASK_NAME, 0);
	if (errand->is_privileged)
		cf_seal_hand(errand->call.number, errand->bytes.at != NULL);
	long result = run(errand);
	atomic_store(&errand->result, result);
	errand->ended_ns = now_ns();
	if (errand->kind != CF_ERRAND_WORK_OFF)
		note_return(&errand->tally);
	if (!atomic_compare_exchange_strong(&errand->state, &under_way, CF_ERRAND_DONE)) {
		if (errand->written < 0) /* the late line is the only one to tell */
			atomic_store(&errand->result, errand->written);
		atomic_store(&errand->state,
			     errand->late.path ? CF_ERRAND_RETURNED : CF_ERRAND_DONE);
		work_off(errand, self);
	}
	count_back(errand);
}

/* Nobody is at it any more. */
static void park_again(struct cf_errand *errand)
{
	int fd = atomic_exchange(&errand->parked_fd, -1);
	struct cf_parked_range *range = atomic_exchange(&errand->parked_range, NULL);

	if (fd != -1)
		cf_parked_fds_give_back(fd);
	if (range)
		cf_parked_ranges_give_back(range);
}

bool cf_errand_is_over(void *room)
{
	struct cf_errand *errand = room;
	int abandoned = CF_ERRAND_ABANDONED;

	/* A hand that did not come back says nothing about its mount. */
	if (atomic_compare_exchange_strong(&errand->state, &abandoned, CF_ERRAND_DONE) &&
	    errand->kind == CF_ERRAND_UNMAP)
		cf_parked_ranges_give_back(errand->range);
	park_again(errand);
	count_back(errand);
	return atomic_load(&errand->state) == CF_ERRAND_DONE;
}
