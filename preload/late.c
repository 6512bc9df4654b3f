/* SPDX-License-Identifier: MIT */
/*
 * late.c - the recorder. Floor 0.
 *
 * Built like errand.c: all but the last functions run in a bare task.
 */
#include "late.h"

#include <linux/close_range.h>
#include <linux/sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "clerk.h"
#include "clock.h"
#include "identity.h"
#include "layout.h"
#include "marks.h"
#include "raw.h"
#include "seal.h"
#include "task.h"
#include "text.h"

#define LOOK_EVERY    (10 * CF_MS)
#define MOST	      1024
#define MOST_FDS      (1 << 20)
#define ALWAYS_COPIED 64 /* NR_OPEN_DEFAULT */

static CF_TABLE struct cf_errand *_Atomic enrolled[MOST];
static _Atomic int has_recorder;

static void write_line(int fd, const struct cf_errand *errand)
{
	char line[CF_ERRAND_LINE_BYTES];
	long result = atomic_load(&errand->result);
	struct cf_text text;
	struct timespec now;

	now.tv_sec = 0;
	now.tv_nsec = 0;
	cf_raw_call3(SYS_clock_gettime, CLOCK_REALTIME, (long)&now, 0);
	cf_text_begin(&text, line, sizeof(line));
	cf_text_add(&text, "{\"time\":\"");
	cf_text_add_time(&text, now.tv_sec, now.tv_nsec);
	cf_text_add(&text, errand->late.body);
	cf_text_add_number(&text, (errand->ended_ns - errand->started_ns) / CF_MS);
	cf_text_add(&text, ",\"result\":");
	cf_text_add_number(&text, result < 0 ? -1 : result);
	cf_text_add(&text, ",\"errno\":\"");
	if (result < 0)
		cf_text_add_errno(&text, (int)-result);
	cf_text_add(&text, "\"}\n");
	if (!text.full)
		cf_raw_call3(SYS_write, fd, (long)line, (long)text.length);
}

/* Write what has come back; false when nobody is enrolled any more. */
static bool look_round(int fd)
{
	bool is_anyone_left = false;

	for (int i = 0; i < MOST; i++) {
		struct cf_errand *errand = atomic_load(&enrolled[i]);

		if (!errand)
			continue;
		if (atomic_load(&errand->state) == CF_ERRAND_RETURNED) {
			write_line(fd, errand);
			atomic_store(&enrolled[i], NULL);
			atomic_store(&errand->state, CF_ERRAND_DONE);
		} else if (atomic_load(&errand->state) == CF_ERRAND_DONE) {
			atomic_store(&enrolled[i], NULL); /* ended from outside */
		} else {
			is_anyone_left = true;
		}
	}
	return is_anyone_left;
}

/* How many numbers the kernel has room for in our table: proc(5), FDSize. */
static int table_size(void)
{
	static const char key[] = "FDSize:\t";
	char status[1024];
	long length =
		cf_clerk_read("/proc/thread-self/status", status, sizeof(status) - 1);
	int size = 0;

	status[length > 0 ? length : 0] = '\0';
	for (const char *at = status; *at; at++) {
		size_t same = 0;

		while (key[same] && at[same] == key[same])
			same++;
		if (key[same])
			continue;
		for (at += same; *at >= '0' && *at <= '9' && size < MOST_FDS; at++)
			size = size * 10 + (*at - '0');
		break;
	}
	return size > 0 && size < MOST_FDS ? size : MOST_FDS;
}

/* The close of a copy of such a file could wait for a server. */
static bool may_wait(const struct cf_identity *identity)
{
	return (identity->is_opaque || identity->mode == S_IFREG ||
		identity->mode == S_IFDIR) &&
	       identity->major == 0 && !cf_marks_has(CF_MARK_LOCAL, identity) &&
	       !cf_marks_has(CF_MARK_LOCAL_DEVICE, identity);
}

/* What a table that began as a copy holds: no pipe, lock or port of the program may live on
   in it. */
static void drop_copies(void)
{
	int size = table_size();

	for (int fd = 0; fd < size; fd++) {
		struct cf_identity identity = cf_identity_read(fd);

		if (!identity.error && !may_wait(&identity))
			cf_raw_call3(SYS_close, fd, 0, 0);
	}
}

/* Get a table of our own. The kernel copies the first numbers into it whatever it is asked
   for; of those what could wait for a server stays open. */
static void leave_table(void)
{
	if (cf_raw_call3(SYS_close_range, ALWAYS_COPIED, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		cf_raw_call3(SYS_unshare, CLONE_FILES, 0, 0);
	drop_copies();
}

struct desk {
	_Atomic int has_begun;
	const char *path;
	bool is_privileged;
};

static void run(void *room)
{
	struct desk *desk = room;
	struct timespec pause;

	pause.tv_sec = 0;
	pause.tv_nsec = LOOK_EVERY;
	cf_raw_call3(SYS_unshare, CLONE_FS, 0, 0);
	cf_raw_call3(SYS_setpgid, 0, 0, 0);
	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)"curfew-late", 0);
	leave_table();
	atomic_store(&desk->has_begun, 1);
	int fd = (int)cf_clerk_open_to_append(desk->path, true);
	if (desk->is_privileged)
		cf_seal_recorder();
	for (;;) {
		int nobody = 0;

		while (look_round(fd))
			cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&pause,
				    0, 0, 0);
		/* One may be enrolled just now: then either we stay, or it starts another. */
		atomic_store(&has_recorder, 0);
		if (!look_round(fd) ||
		    !atomic_compare_exchange_strong(&has_recorder, &nobody, 1))
			return;
	}
}

/* A recorder was ended from outside: the next expired call may start a new one. */
static bool vacate(void *room)
{
	(void)room;
	atomic_store(&has_recorder, 0);
	return true;
}

static bool start_recorder(const struct cf_errand *errand)
{
	int nobody = 0;
	struct cf_task *task = cf_task_get(); /* first: it may vacate the post */

	if (!atomic_compare_exchange_strong(&has_recorder, &nobody, 1)) {
		if (task)
			cf_task_put(task);
		return true;
	}
	if (task) {
		struct desk *desk = task->room;

		atomic_store(&desk->has_begun, 0);
		desk->path = errand->late.path;
		desk->is_privileged = errand->is_privileged;
		if (cf_task_start(task, run, CF_TASK_SHARES_FDS) == 0) {
			cf_task_await(&desk->has_begun);
			cf_task_leave(task, vacate);
			return true;
		}
		cf_task_put(task);
	}
	atomic_store(&has_recorder, 0);
	return false;
}

void cf_late_enrol(struct cf_errand *errand)
{
	for (int i = 0; i < MOST; i++) {
		struct cf_errand *none = NULL;

		if (!atomic_compare_exchange_strong(&enrolled[i], &none, errand))
			continue;
		if (start_recorder(errand))
			return;
		atomic_store(&enrolled[i], NULL);
		break;
	}
	errand->late.path = NULL;
}

void cf_late_after_fork(void)
{
	for (int i = 0; i < MOST; i++)
		atomic_store(&enrolled[i], NULL);
	atomic_store(&has_recorder, 0);
}
