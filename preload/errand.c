/* SPDX-License-Identifier: MIT */
/*
 * errand.c - the code of a hand. Floor 0.
 *
 * Built without sanitizers, stack protector and builtins; calls nothing but raw.h
 * and seal.h, which is built the same way. A lint test looks at the symbols.
 */
#include "errand.h"

#include <linux/sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <time.h>

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

static void count_back(struct cf_errand *errand)
{
	const struct cf_tally *tally = &errand->tally;

	if (tally->under_way)
		atomic_fetch_sub(tally->under_way, 1);
	if (atomic_exchange(&errand->slow, BACK) == SLOW)
		atomic_fetch_sub(tally->slow, 1);
}

void cf_errand_run(void *room)
{
	struct cf_errand *errand = room;
	const long *argument = errand->call.argument;
	int under_way = CF_ERRAND_UNDER_WAY;

	cf_raw_call3(SYS_unshare, CLONE_FS, 0, 0);
	cf_raw_call3(SYS_setpgid, 0, 0, 0);
	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)CF_ERRAND_TASK_NAME, 0);
	if (errand->is_privileged)
		cf_seal_hand(errand->call.number);
	long result = cf_raw_call(errand->call.number, argument[0], argument[1],
				  argument[2], argument[3], 0, 0);
	atomic_store(&errand->result, result);
	errand->ended_ns = now_ns();
	if (errand->tally.returns) {
		atomic_fetch_add(errand->tally.returns, 1);
		atomic_store(errand->tally.sick_ns, 0);
	}
	count_back(errand);
	if (!atomic_compare_exchange_strong(&errand->state, &under_way, CF_ERRAND_DONE))
		atomic_store(&errand->state,
			     errand->late.path ? CF_ERRAND_RETURNED : CF_ERRAND_DONE);
}

bool cf_errand_is_over(void *room)
{
	struct cf_errand *errand = room;
	int abandoned = CF_ERRAND_ABANDONED;

	/* A hand that did not come back says nothing about its mount. */
	if (atomic_compare_exchange_strong(&errand->state, &abandoned, CF_ERRAND_DONE))
		count_back(errand);
	return atomic_load(&errand->state) == CF_ERRAND_DONE;
}
