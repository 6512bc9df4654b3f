/* SPDX-License-Identifier: MIT */
/*
 * hand.c - the caller's side of a handed-over call. Floor 2.
 *
 * The one decision here is `let go`: whether the kernel has already given the
 * number back. It frees the number at the start of a close and only then blocks.
 */
#include "hand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "events.h"
#include "raw.h"
#include "task.h"
#include "text.h"

#define SLICE	     (10 * CF_MS)
#define STOPPED	     (100 * CF_MS) /* a slice that took so much longer: we were not running */
#define FIRST_LOOK   (CF_MS / 20)
#define LONGEST_LOOK (5 * CF_MS)

_Static_assert(sizeof(struct cf_errand) <= CF_TASK_ROOM_BYTES, "an errand fits its room");

static _Atomic int stuck;

_Atomic int *cf_hand_stuck(void)
{
	return &stuck;
}

void cf_hand_after_fork(void)
{
	atomic_store(&stuck, 0);
}

static bool read_link(const char *path, char *bytes, size_t room)
{
	long length = cf_raw_call(SYS_readlinkat, AT_FDCWD, (long)path, (long)bytes,
				  (long)room - 1, 0, 0);

	bytes[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/* After unshare(CLONE_NEWPID) the next child becomes the init of the new namespace,
   and its end ends the namespace: that must not be a hand. */
static bool would_be_init(void)
{
	char own[32], children[32];

	return read_link("/proc/thread-self/ns/pid", own, sizeof(own)) &&
	       (!read_link("/proc/thread-self/ns/pid_for_children", children,
			   sizeof(children)) ||
		strcmp(own, children) != 0);
}

/* Root, or any capability: the hand would keep it when the program drops it. */
static bool is_privileged(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0, 0, 0 } };

	if (cf_raw_call3(SYS_geteuid, 0, 0, 0) == 0)
		return true;
	cf_raw_call3(SYS_capget, (long)&header, (long)data, 0);
	return data[0].permitted || data[1].permitted;
}

static bool reserve(struct cf_mount *mount)
{
	if (!mount)
		return true;
	if (atomic_fetch_add(&mount->hands, 1) < CF_HAND_MOST_ON_MOUNT)
		return true;
	atomic_fetch_sub(&mount->hands, 1);
	return false;
}

static void unreserve(struct cf_mount *mount)
{
	if (mount)
		atomic_fetch_sub(&mount->hands, 1);
}

static struct cf_task *start(const struct cf_order *order)
{
	bool privileged = is_privileged();
	struct cf_task *task;

	if ((privileged && would_be_init()) || !reserve(order->mount))
		return NULL;
	task = cf_task_get();
	if (!task) {
		unreserve(order->mount);
		return NULL;
	}
	struct cf_errand *errand = task->room;
	errand->call = order->call;
	errand->is_privileged = privileged;
	errand->started_ns = cf_clock_now();
	errand->tally = (struct cf_tally){ .stuck = &stuck };
	if (order->mount) {
		errand->tally.under_way = &order->mount->hands;
		errand->tally.sick_ns = &order->mount->sick_ns;
	}
	cf_events_prepare_late(order->event, &errand->late);
	atomic_store(&errand->result, 0);
	atomic_store(&errand->state, CF_ERRAND_UNDER_WAY);
	if (cf_task_start(task, cf_errand_run) == 0)
		return task;
	unreserve(order->mount);
	cf_task_put(task);
	return NULL;
}

/* A line of /proc/PID/<file> that begins with `start`; the rest of it goes to `rest`. */
static bool read_proc(int pid, const char *file, char *bytes, size_t room)
{
	char path[40];
	struct cf_text text;

	cf_text_begin(&text, path, sizeof(path));
	cf_text_add(&text, "/proc/");
	cf_text_add_number(&text, pid);
	cf_text_add(&text, file);
	long fd = cf_raw_call(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0,
			      0, 0);
	if (fd < 0)
		return false;
	long length = cf_raw_call3(SYS_read, fd, (long)bytes, (long)room - 1);
	cf_raw_call3(SYS_close, fd, 0, 0);
	bytes[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/*
 * Whether the hand sleeps inside its call on `fd`. A tracer or a seccomp filter
 * of the program could hold it at the door of the call, with the number not yet
 * freed: then this proves nothing.
 */
static bool is_asleep_in_call(const struct cf_task *task, const struct cf_order *order)
{
	char bytes[1024], wanted[64];
	struct cf_text text;

	if (cf_raw_call(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0) != 0)
		return false;
	if (!read_proc(task->pid, "/status", bytes, sizeof(bytes)) ||
	    !strstr(bytes, "\nTracerPid:\t0\n"))
		return false;
	cf_text_begin(&text, wanted, sizeof(wanted));
	cf_text_add_number(&text, order->call.number);
	cf_text_add(&text, " 0x");
	for (int shift = 28, begun = 0; shift >= 0; shift -= 4) {
		int digit = (int)(order->call.argument[0] >> shift) & 15;

		begun |= digit || shift == 0;
		if (begun)
			cf_text_add_bytes(&text, &"0123456789abcdef"[digit], 1);
	}
	cf_text_add(&text, " ");
	return read_proc(task->pid, "/syscall", bytes, sizeof(bytes)) &&
	       strncmp(bytes, wanted, text.length) == 0;
}

static bool has_let_go(const struct cf_task *task, const struct cf_order *order)
{
	struct cf_identity now = cf_identity_read((int)order->call.argument[0]);

	if (now.error)
		return now.error == EBADF;
	return !cf_identity_is_same(&now, &order->identity) ||
	       is_asleep_in_call(task, order);
}

/* Wait in slices: time in which the process was stopped is given back, and a mount
   that turns sick is noticed. True when the task is gone. */
static bool wait_until(struct cf_task *task, const struct cf_order *order,
		       cf_instant deadline, int64_t patience_ns)
{
	for (;;) {
		cf_instant before = cf_clock_now();
		int64_t left = cf_clock_left(deadline);
		int64_t slice = left < SLICE ? left : SLICE;

		if (cf_task_wait(task, slice))
			return true;
		int64_t passed = cf_clock_now() - before;
		if (passed > slice + STOPPED && deadline != CF_NEVER)
			deadline += passed - slice;
		if (left == 0)
			return false;
		if (cf_mounts_patience(order->mount, order->deadline_ns) < patience_ns)
			return false;
	}
}

/* After the instant: nothing is promised until the number has been let go. */
static bool wait_for_let_go(struct cf_task *task, const struct cf_order *order)
{
	int64_t look = FIRST_LOOK;

	while (!cf_task_is_gone(task)) {
		if (has_let_go(task, order))
			return false;
		cf_task_wait(task, look);
		look = look < LONGEST_LOOK ? look * 2 : LONGEST_LOOK;
	}
	return true;
}

/* The hand has ended: with a result, or from outside. */
static enum cf_ending conclude(struct cf_task *task, const struct cf_order *order,
			       long *result)
{
	struct cf_errand *errand = task->room;
	enum cf_ending ending = CF_FINISHED;

	cf_task_reap(task);
	if (atomic_load(&errand->state) == CF_ERRAND_DONE) {
		*result = atomic_load(&errand->result);
	} else {
		struct cf_identity now = cf_identity_read((int)order->call.argument[0]);

		unreserve(order->mount);
		ending = cf_identity_is_same(&now, &order->identity) ? CF_NO_HAND
								     : CF_EXPIRED;
	}
	cf_task_put(task);
	return ending;
}

/* Leave the call to its hand; false when it has just come back. */
static bool abandon(struct cf_task *task, const struct cf_order *order,
		    int64_t patience_ns)
{
	struct cf_errand *errand = task->room;
	int under_way = CF_ERRAND_UNDER_WAY;

	/* All before the exchange: from there on the hand undoes it at any time. */
	atomic_fetch_add(&stuck, 1);
	if (order->mount)
		cf_mounts_note_expired(order->mount, order->deadline_ns, patience_ns);
	if (atomic_compare_exchange_strong(&errand->state, &under_way,
					   CF_ERRAND_ABANDONED)) {
		cf_task_leave(task, cf_errand_lost);
		return true;
	}
	atomic_fetch_sub(&stuck, 1);
	if (order->mount)
		atomic_store(&order->mount->sick_ns, 0);
	return false;
}

static enum cf_ending run(struct cf_task *task, const struct cf_order *order,
			  cf_instant deadline, long *result)
{
	int64_t patience_ns = cf_mounts_patience(order->mount, order->deadline_ns);

	if (patience_ns < order->deadline_ns)
		deadline = cf_clock_after(patience_ns);
	if (wait_until(task, order, deadline, patience_ns) ||
	    wait_for_let_go(task, order))
		return conclude(task, order, result);
	if (order->is_ended)
		cf_task_end(task);
	else if (abandon(task, order, patience_ns))
		return CF_EXPIRED;
	while (!cf_task_wait(task, SLICE))
		;
	return conclude(task, order, result);
}

struct cf_outcome cf_hand_run(const struct cf_order *order, cf_instant deadline)
{
	struct cf_outcome outcome = { .ending = CF_NO_HAND };
	cf_instant began = cf_clock_now();
	int error = errno;
	struct cf_task *task = start(order);

	if (task)
		outcome.ending = run(task, order, deadline, &outcome.result);
	outcome.waited_ns = cf_clock_now() - began;
	errno = error;
	return outcome;
}
