/* SPDX-License-Identifier: MIT */
/*
 * clerk.c - a file for a moment. Floor 0.
 *
 * Built like errand.c: the half that appends runs in a bare task.
 */
#include "clerk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "clock.h"
#include "identity.h"
#include "keep.h"
#include "marks.h"
#include "raw.h"
#include "task.h"

#define PATIENCE   (1000 * CF_MS)
#define SLICE	   (10 * CF_MS)
#define PATH_BYTES 4096 /* at most */
#define HIGH_NUMBER                                                                      \
	700 /* below the usual limit of 1,024, above what programs count with */

struct job {
	const char *path;
	bool is_made;
	const char *bytes;
	size_t length;
	_Atomic bool is_quick;
	_Atomic long result;
};

long cf_clerk_move_up(long fd)
{
	long high = cf_raw_call3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH_NUMBER);

	if (high < 0)
		return fd;
	cf_raw_call3(SYS_close, fd, 0, 0);
	return high;
}

long cf_clerk_open_to_append(const char *path, bool is_made)
{
	long fd = cf_raw_call(SYS_openat, AT_FDCWD, (long)path,
			      O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
				      (is_made ? O_CREAT : 0),
			      0600, 0, 0);

	return fd < 0 ? fd : cf_clerk_move_up(fd);
}

long cf_clerk_read(const char *path, char *buffer, size_t room)
{
	long fd = cf_raw_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0,
			      0, 0);
	size_t filled = 0;

	if (fd < 0)
		return fd;
	fd = cf_clerk_move_up(fd);
	while (filled < room) {
		long got = cf_raw_call3(SYS_read, fd, (long)(buffer + filled),
					(long)(room - filled));

		if (got == -EINTR)
			continue;
		if (got <= 0)
			break;
		filled += (size_t)got;
	}
	cf_raw_call3(SYS_close, fd, 0, 0);
	return (long)filled;
}

static bool is_local_file(long fd)
{
	struct cf_identity file = cf_identity_read((int)fd);

	return !file.error && file.mode == S_IFREG &&
	       (cf_marks_has(CF_MARK_LOCAL, &file) ||
		cf_marks_has(CF_MARK_LOCAL_DEVICE, &file));
}

static void run(void *room)
{
	struct job *job = room;

	cf_raw_call3(SYS_unshare, CLONE_FS, 0, 0);
	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)"curfew-clerk", 0);
	long fd = cf_clerk_open_to_append(job->path, job->is_made);
	long result = fd;
	if (fd >= 0) {
		atomic_store(&job->is_quick, is_local_file(fd));
		result = cf_raw_call3(SYS_write, fd, (long)job->bytes, (long)job->length);
		cf_raw_call3(SYS_close, fd, 0, 0);
	}
	atomic_store(&job->result, result);
}

static long wait_for(struct cf_task *task, _Atomic bool *is_quick)
{
	struct job *job = task->room;

	for (int64_t waited = 0; waited < PATIENCE; waited += SLICE) {
		if (cf_task_wait(task, SLICE))
			break;
	}
	if (!cf_task_is_held(
		    task)) /* a child that a signal handler has forked just now */
		return -ECANCELED;
	if (!cf_task_is_gone(task)) {
		cf_keep(job->path, PATH_BYTES);
		cf_keep(job->bytes, job->length);
		cf_task_leave(task, NULL);
		return -ETIME;
	}
	long result = atomic_load(&job->result);
	atomic_store(is_quick, atomic_load(&job->is_quick));
	cf_task_reap(task);
	cf_task_put(task);
	return result;
}

/* A write past a limit would send the caller a signal. */
static bool has_no_limit(void)
{
	struct rlimit size = { 0, 0 };

	cf_raw_call3(SYS_getrlimit, RLIMIT_FSIZE, (long)&size, 0);
	return size.rlim_cur == RLIM_INFINITY;
}

/* Without a task. False when it is no such file any more. */
static bool append_here(const char *path, bool is_made, const char *bytes, size_t length,
			long *result)
{
	long fd = cf_clerk_open_to_append(path, is_made);
	bool is_local = fd >= 0 && is_local_file(fd);

	*result = fd;
	if (is_local)
		*result = cf_raw_call3(SYS_write, fd, (long)bytes, (long)length);
	if (fd >= 0)
		cf_raw_call3(SYS_close, fd, 0, 0);
	return fd < 0 || is_local;
}

long cf_clerk_append(const char *path, bool is_made, const char *bytes, size_t length,
		     _Atomic bool *is_quick)
{
	long result;

	if (atomic_load(is_quick) && has_no_limit() &&
	    append_here(path, is_made, bytes, length, &result))
		return result;
	struct cf_task *task = cf_task_get();
	if (!task)
		return -EAGAIN;
	struct job *job = task->room;
	job->path = path;
	job->is_made = is_made;
	job->bytes = bytes;
	job->length = length;
	atomic_store(&job->is_quick, false);
	atomic_store(&job->result, -ECANCELED);
	result = cf_task_start(task, run, CF_TASK_SHARES_FDS);
	if (result == 0)
		return wait_for(task, is_quick);
	cf_task_put(task);
	return result;
}
