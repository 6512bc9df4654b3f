/* SPDX-License-Identifier: MIT */
/*
 * hand.c - the caller's side of a handed-over call. Floor 2.
 *
 * One call, one task: start it, wait for it, and either collect its result or leave
 * it to itself.
 */
#include "hand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "events.h"
#include "fd_table.h"
#include "late.h"
#include "letting_go.h"
#include "parked_fds.h"
#include "raw.h"
#include "task.h"

#define FIRST_LOOK   (CF_MS / 20)
#define LONGEST_LOOK (5 * CF_MS)

_Static_assert(sizeof(struct cf_errand) <= CF_TASK_ROOM_BYTES, "an errand fits its room");

static _Atomic int slow; /* calls that take long */

const _Atomic int *cf_hand_slow(void)
{
	return &slow;
}

void cf_hand_after_fork(void)
{
	atomic_store(&slow, 0);
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

/* Whether the mount has let a call like this one expire: then it has hands enough. */
static bool is_limited(const struct cf_order *order)
{
	return order->mount && order->call.number != SYS_dup3 &&
	       order->kind != CF_ERRAND_WRITE && /* its bytes cannot wait for others */
	       cf_mounts_is_sick_for(order->mount, order->deadline_ns);
}

static bool reserve(const struct cf_order *order)
{
	if (!order->mount)
		return true;
	if (atomic_fetch_add(&order->mount->hands, 1) < CF_HAND_MOST_ON_MOUNT ||
	    !is_limited(order))
		return true;
	atomic_fetch_sub(&order->mount->hands, 1);
	return false;
}

static void unreserve(struct cf_mount *mount)
{
	if (mount)
		atomic_fetch_sub(&mount->hands, 1);
}

static void fill(struct cf_errand *errand, const struct cf_order *order)
{
	struct cf_mount *mount = order->mount;

	errand->kind = order->kind;
	errand->call = order->call;
	errand->pages = order->pages;
	errand->range = order->range;
	errand->bytes = order->bytes;
	errand->works_off = mount && cf_fd_table_is_main() ? mount : NULL;
	atomic_store(&errand->parked_fd, -1);
	atomic_store(&errand->parked_range, NULL);
	errand->started_ns = cf_clock_now();
	errand->tally = (struct cf_tally){ .slow = &slow };
	if (mount)
		errand->tally = (struct cf_tally){ &mount->hands, &mount->sick_ns,
						   &mount->returns, &slow };
	atomic_store(&errand->result, 0);
	errand->written = 0;
	atomic_store(&errand->slow, 0);
	atomic_store(&errand->is_counted, mount != NULL);
	atomic_store(&errand->state, CF_ERRAND_UNDER_WAY);
	errand->late.path = NULL;
	if (order->event)
		cf_events_prepare_late(order->event, &errand->late);
}

/* With a place on its mount reserved, which is given back when there is no task. */
static struct cf_task *start(const struct cf_order *order)
{
	bool privileged = is_privileged();
	struct cf_task *task = cf_task_get();

	if (task) {
		struct cf_errand *errand = task->room;

		fill(errand, order);
		errand->is_privileged = privileged;
		if (order->kind == CF_ERRAND_WORK_OFF) {
			errand->state = CF_ERRAND_ABANDONED;
			cf_errand_count_slow(errand);
		}
		if (cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS) == 0)
			return task;
		if (order->kind == CF_ERRAND_WORK_OFF)
			atomic_fetch_sub(&slow, 1);
		cf_task_put(task);
	}
	unreserve(order->mount);
	return NULL;
}

/* Something is parked, and a place is free: there may be nobody left to take it over. */
static void send_for_parked(const struct cf_order *order)
{
	struct cf_order work = { .kind = CF_ERRAND_WORK_OFF, .mount = order->mount };

	if ((!cf_parked_fds_any() && !cf_parked_ranges_any()) || !work.mount ||
	    atomic_load(&work.mount->hands) >= CF_HAND_MOST_ON_MOUNT ||
	    !cf_fd_table_is_main())
		return;
	atomic_fetch_add(&work.mount->hands, 1);
	struct cf_task *task = start(&work);
	if (!task)
		return;
	if (order->when_slow)
		order->when_slow();
	cf_task_leave(task, cf_errand_is_over);
}

/* Leave the handle to a hand that comes free. False when that is not possible: a hand
   more is then the smaller evil. */
static bool park(const struct cf_order *order)
{
	int fd = (int)order->call.argument[0];

	if (order->kind == CF_ERRAND_WRITE_BACK)
		return true; /* nothing is to be left */
	if (!cf_fd_table_is_main())
		return false;
	if (order->kind == CF_ERRAND_UNMAP) {
		cf_parked_ranges_give_back(order->range);
	} else {
		/* An exec would close it, and hang. */
		cf_raw_call3(SYS_fcntl, fd, F_SETFD, 0);
		if (!cf_parked_fds_add(fd, &order->identity, order->mount))
			return false;
	}
	send_for_parked(order);
	return true;
}

/* The call takes long: should the program end meanwhile, it is not alone. */
static void note_slow(struct cf_task *task, const struct cf_order *order)
{
	cf_errand_count_slow(task->room);
	if (order->when_slow)
		order->when_slow();
}

/* Wait in slices, so that time in which the process was stopped can be given back;
   nearly every call is over in the first one. True when the task is gone. */
static bool wait_until(struct cf_task *task, const struct cf_order *order,
		       cf_instant deadline)
{
	for (bool is_first = true;; is_first = false) {
		cf_instant before = cf_clock_now();
		int64_t left = cf_clock_left(deadline);
		int64_t slice = left < CF_CLOCK_SLICE ? left : CF_CLOCK_SLICE;

		if (cf_task_wait(task, slice))
			return true;
		if (deadline != CF_NEVER)
			deadline += cf_clock_stopped(cf_clock_now() - before, slice);
		if (is_first)
			note_slow(task, order);
		if (left == 0)
			return false;
	}
}

static int fd_of(const struct cf_order *order)
{
	return (int)order->call.argument[order->call.number == SYS_dup3];
}

/* Pages that are written back stay where they are: there is nothing to let go of. */
static bool is_let_go(const struct cf_task *task, const struct cf_order *order)
{
	if (order->kind != CF_ERRAND_CALL)
		return true;
	if (order->call.number == SYS_munmap)
		return cf_letting_go_of_range(task->pid, &order->call);
	return cf_letting_go_of_fd(task->pid, &order->call, fd_of(order),
				   &order->identity);
}

/* After the instant: nothing is promised until the number has been let go. */
static bool wait_for_let_go(struct cf_task *task, const struct cf_order *order)
{
	int64_t look = FIRST_LOOK;

	while (!cf_task_is_gone(task)) {
		if (is_let_go(task, order))
			return false;
		cf_task_wait(task, look);
		look = look < LONGEST_LOOK ? look * 2 : LONGEST_LOOK;
	}
	return true;
}

/* Whether the caller still has what the hand was to free. */
static bool is_still_there(const struct cf_order *order)
{
	if (order->kind != CF_ERRAND_CALL)
		return false;
	if (order->call.number == SYS_munmap)
		return true;
	struct cf_identity now = cf_identity_read(fd_of(order));
	return cf_identity_is_same(&now, &order->identity);
}

/* The hand has ended: with a result, or from outside. */
static enum cf_ending conclude(struct cf_task *task, const struct cf_order *order,
			       struct cf_outcome *outcome)
{
	struct cf_errand *errand = task->room;
	enum cf_ending ending = CF_FINISHED;

	cf_task_reap(task);
	if (atomic_load(&errand->state) == CF_ERRAND_DONE) {
		cf_errand_is_over(errand);
		outcome->result = atomic_load(&errand->result);
		outcome->written = errand->written;
		/* A tracer's seccomp filter (RET_TRACE) refuses so what is not traced. */
		if (outcome->result == -ENOSYS && is_still_there(order))
			ending = CF_NO_HAND;
	} else {
		errand->state = CF_ERRAND_ABANDONED;
		cf_errand_is_over(errand);
		ending = is_still_there(order) ? CF_NO_HAND : CF_EXPIRED;
	}
	cf_task_put(task);
	return ending;
}

/* Leave the call to its hand; false when it has just come back. */
static bool abandon(const struct cf_hand *hand)
{
	const struct cf_order *order = hand->order;
	struct cf_task *task = hand->task;
	struct cf_errand *errand = task->room;
	int under_way = CF_ERRAND_UNDER_WAY;

	/* All before the exchange: from there on the hand undoes it at any time. */
	cf_errand_count_slow(errand);
	if (order->mount)
		cf_mounts_note_expired(order->mount, order->deadline_ns,
				       hand->patience_ns, hand->returns);
	if (!atomic_compare_exchange_strong(&errand->state, &under_way,
					    CF_ERRAND_ABANDONED)) {
		if (order->mount)
			atomic_store(&order->mount->sick_ns, 0);
		return false;
	}
	if (errand->late.path)
		cf_late_enrol(errand);
	cf_task_leave(task, cf_errand_is_over);
	return true;
}

static enum cf_ending wait_and_end(struct cf_hand *hand)
{
	const struct cf_order *order = hand->order;
	struct cf_task *task = hand->task;
	bool is_back =
		wait_until(task, order, hand->until) || wait_for_let_go(task, order);

	if (!cf_task_is_held(
		    task)) /* a child that a signal handler has forked just now */
		return is_still_there(order) ? CF_NO_HAND : CF_EXPIRED;
	if (is_back)
		return conclude(task, order, &hand->outcome);
	if (order->is_ended)
		cf_task_end(task);
	else if (abandon(hand))
		return CF_EXPIRED;
	while (!cf_task_wait(task, CF_CLOCK_SLICE))
		;
	return conclude(task, order, &hand->outcome);
}

/* How long the mount grants the call. */
static void ask_for_patience(struct cf_hand *hand, cf_instant deadline)
{
	const struct cf_order *order = hand->order;

	hand->began = cf_clock_now();
	hand->patience_ns = order->deadline_ns;
	hand->until = deadline;
	hand->returns = 0;
	if (!order->mount)
		return;
	hand->patience_ns = cf_mounts_patience(order->mount, order->deadline_ns);
	hand->returns = atomic_load(&order->mount->returns);
	if (hand->patience_ns < order->deadline_ns)
		hand->until = cf_clock_after(hand->patience_ns);
}

void cf_hand_begin(struct cf_hand *hand, const struct cf_order *order,
		   cf_instant deadline)
{
	int error = errno;

	*hand = (struct cf_hand){ .order = order, .outcome.ending = CF_NO_HAND };
	ask_for_patience(hand, deadline);
	if (!reserve(order)) {
		if (park(order)) {
			hand->outcome.ending = CF_PARKED;
			errno = error;
			return;
		}
		atomic_fetch_add(&order->mount->hands, 1);
	}
	hand->task = start(order);
	if (!hand->task && order->range)
		cf_parked_ranges_drop(order->range);
	errno = error;
}

struct cf_outcome cf_hand_await(struct cf_hand *hand)
{
	int error = errno;

	if (hand->task) {
		hand->outcome.ending = wait_and_end(hand);
		send_for_parked(hand->order);
	}
	hand->outcome.waited_ns = cf_clock_now() - hand->began;
	errno = error;
	return hand->outcome;
}

struct cf_outcome cf_hand_run(const struct cf_order *order, cf_instant deadline)
{
	struct cf_hand hand;

	cf_hand_begin(&hand, order, deadline);
	return cf_hand_await(&hand);
}
