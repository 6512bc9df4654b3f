/* SPDX-License-Identifier: MIT */
/*
 * write_back.c - start the write-back, and look until nothing is dirty any more. Floor 0.
 *
 * Waiting for it with sync_file_range() or fsync() would take the errors of the file with
 * it: the next fsync() of the program would find none. cachestat() only counts.
 */
#include "write_back.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <time.h>

#include "clock.h"
#include "raw.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* Linux 6.5; the same number everywhere */
#endif

#define WRITE	       2 /* SYNC_FILE_RANGE_WRITE, which glibc shows to GNU programs only */
#define WRITE_AND_WAIT 7
#define FIRST_LOOK     (CF_MS / 50)
#define MANY_LOOKS                                                                       \
	2000 /* close together: in a busy file the pause between two passes is short */
#define LONGEST_LOOK (20 * CF_MS)

/* linux/mman.h of Linux 6.5 */
struct range {
	uint64_t offset, length; /* 0: to the end */
};

struct counts {
	uint64_t cached, dirty, under_way, evicted, evicted_lately;
};

static bool is_still_there(const struct cf_write_back *job)
{
	struct cf_identity now = cf_identity_read(job->fd);

	return job->fd >= 0 && cf_identity_is_same(&now, &job->file);
}

static long count(int fd, struct counts *counts)
{
	struct range all;

	all.offset = 0;
	all.length = 0;
	return cf_raw_call(SYS_cachestat, fd, (long)&all, (long)counts, 0, 0, 0);
}

static void look_away(int64_t length_ns)
{
	struct timespec pause;

	pause.tv_sec = 0;
	pause.tv_nsec = length_ns;
	cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&pause, 0, 0, 0);
}

/* What has come back since the pass began. New pages may come in all the time; but as many
   as were under way then have been answered, sooner or later. */
struct pass {
	bool has_begun;
	uint64_t wanted, answered, last;
};

/* A mount with too much under way may refuse to begin one. */
static void begin(int fd, struct pass *pass, struct counts *counts)
{
	cf_raw_call(SYS_sync_file_range, fd, 0, 0, WRITE, 0, 0);
	count(fd, counts);
	pass->has_begun = counts->under_way > 0;
	pass->wanted = pass->last = counts->under_way;
	pass->answered = 0;
}

/* One pass is enough, as it is for the kernel: a file may be stored into all the time. */
static bool is_over(const struct counts *counts, struct pass *pass)
{
	if (counts->under_way == 0 && (counts->dirty == 0 || pass->has_begun))
		return true;
	if (counts->under_way < pass->last)
		pass->answered += pass->last - counts->under_way;
	pass->last = counts->under_way;
	return pass->has_begun && pass->answered >= pass->wanted;
}

long cf_write_back(const struct cf_write_back *job)
{
	int64_t look = FIRST_LOOK;
	struct counts counts;
	struct pass pass;
	int looks = 0;

	pass.has_begun = false;
	pass.wanted = pass.answered = pass.last = 0;
	while (is_still_there(job)) {
		if (count(job->fd, &counts) < 0)
			return cf_raw_call(SYS_sync_file_range, job->fd, 0, 0,
					   WRITE_AND_WAIT, 0, 0);
		if (is_over(&counts, &pass))
			return 0;
		if (!pass.has_begun)
			begin(job->fd, &pass, &counts);
		look_away(look);
		if (++looks > MANY_LOOKS)
			look = look < LONGEST_LOOK ? look * 2 : LONGEST_LOOK;
	}
	long result =
		cf_raw_call3(SYS_msync, (long)job->start, (long)job->length, MS_SYNC);
	return result == -ENOMEM ? 0 : result; /* the program is gone, and its memory */
}
