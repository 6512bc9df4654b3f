/* SPDX-License-Identifier: MIT */
/*
 * errand.c - the code of a hand. Floor 0.
 *
 * Built without sanitizers, stack protector and builtins; calls nothing but raw.h,
 * seal.h and text.c, which is built the same way. A lint test looks at the symbols.
 */
#include "errand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <time.h>

#include "clock.h"
#include "raw.h"
#include "seal.h"
#include "text.h"

static void read_clock(clockid_t clock, struct timespec *now)
{
	now->tv_sec = 0;
	now->tv_nsec = 0;
	cf_raw_call3(SYS_clock_gettime, clock, (long)now, 0);
}

static void confine(struct cf_errand *errand)
{
	bool can_write = errand->late.path &&
			 cf_raw_call3(SYS_chroot, (long)errand->late.jail, 0, 0) == 0 &&
			 cf_raw_call3(SYS_chdir, (long)"/", 0, 0) == 0;

	errand->late.path = can_write ? errand->late.path_in_jail : NULL;
	cf_seal_hand(errand->call.number);
}

static void count_back(const struct cf_tally *tally, bool was_abandoned)
{
	if (tally->sick_ns)
		atomic_store(tally->sick_ns, 0);
	if (tally->under_way)
		atomic_fetch_sub(tally->under_way, 1);
	if (was_abandoned && tally->stuck)
		atomic_fetch_sub(tally->stuck, 1);
}

static void write_late(struct cf_errand *errand, long result)
{
	char line[CF_ERRAND_LINE_BYTES];
	struct cf_text text;
	struct timespec now;

	read_clock(CLOCK_MONOTONIC, &now);
	int64_t waited_ns = now.tv_sec * 1000 * CF_MS + now.tv_nsec - errand->started_ns;
	read_clock(CLOCK_REALTIME, &now);
	cf_text_begin(&text, line, sizeof(line));
	cf_text_add(&text, "{\"time\":\"");
	cf_text_add_time(&text, now.tv_sec, now.tv_nsec);
	cf_text_add(&text, errand->late.body);
	cf_text_add_number(&text, waited_ns / CF_MS);
	cf_text_add(&text, ",\"result\":");
	cf_text_add_number(&text, result < 0 ? -1 : result);
	cf_text_add(&text, ",\"errno\":\"");
	if (result < 0)
		cf_text_add_errno(&text, (int)-result);
	cf_text_add(&text, "\"}\n");
	long fd = cf_raw_call(SYS_openat, AT_FDCWD, (long)errand->late.path,
			      CF_SEAL_OPEN_FLAGS, 0600, 0, 0);
	if (fd < 0 || text.full)
		return;
	cf_raw_call3(SYS_write, fd, (long)line, (long)text.length);
	cf_raw_call3(SYS_close, fd, 0, 0);
}

void cf_errand_run(void *room)
{
	struct cf_errand *errand = room;
	const long *argument = errand->call.argument;

	cf_raw_call3(SYS_unshare, CLONE_FS, 0, 0);
	cf_raw_call3(SYS_setpgid, 0, 0, 0);
	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)"curfew-hand", 0);
	if (errand->is_privileged)
		confine(errand);
	long result = cf_raw_call(errand->call.number, argument[0], argument[1],
				  argument[2], argument[3], 0, 0);
	atomic_store(&errand->result, result);
	bool was_abandoned =
		atomic_exchange(&errand->state, CF_ERRAND_DONE) == CF_ERRAND_ABANDONED;
	count_back(&errand->tally, was_abandoned);
	if (was_abandoned && errand->late.path)
		write_late(errand, result);
}

void cf_errand_lost(void *room)
{
	struct cf_errand *errand = room;

	if (atomic_exchange(&errand->state, CF_ERRAND_DONE) == CF_ERRAND_ABANDONED) {
		struct cf_tally uncounted = errand->tally;

		uncounted.sick_ns = NULL; /* its end says nothing about the mount */
		count_back(&uncounted, true);
	}
}
