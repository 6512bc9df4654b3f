/* SPDX-License-Identifier: MIT */
/*
 * watchdog.c - slots for the watched, each with its thread. Floor 2.
 *
 * A slot is the watched thread's until it leaves; the watchdog ends by itself when it
 * sees that the call was left by longjmp, or with its thread.
 */
#include "watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "asleep.h"
#include "events.h"
#include "futex.h"
#include "layout.h"
#include "raw.h"
#include "stir.h"
#include "text.h"

#define TICK  (50 * CF_MS)
#define STUCK (100 * CF_MS) /* so long after its instant nothing has helped */

enum { FREE, TAKEN, WATCHED, LEFT };

struct slot {
	_Atomic int state; /* a futex word */
	_Atomic int64_t until;
	struct cf_watch watch;
	int tid;
	bool is_reported, has_stirred;
	char place[80]; /* where it was stirred */
	pthread_t thread;
};

static CF_TABLE struct slot slots[CF_WATCHDOG_MOST];
static void (*while_stuck)(int tid);

void cf_watchdog_while_stuck(void (*look)(int tid))
{
	while_stuck = look;
}

static void report_stuck(const struct slot *slot, const struct cf_asleep *asleep)
{
	struct cf_event event = {
		.ending = CF_EVENT_STUCK,
		.call = slot->watch.call,
		.class = "curl",
		.is_address = true,
		.address = slot->watch.handle,
		.name = asleep->place,
		.mount = "",
		.type = "libcurl",
		.deadline_ns = slot->watch.deadline_ns,
		.waited_ns = cf_clock_now() - slot->watch.began,
	};

	cf_events_report(&event);
}

/* Whether the thread is still inside the call: its stack is deeper than the door's frame,
   but not by more than callbacks need, and that still holds our mark. Read by the kernel,
   since it may be gone altogether. */
static bool is_inside(const struct slot *slot, const struct cf_asleep *asleep)
{
	enum { DEEPEST = 256 << 10 };
	uint64_t marked = 0;
	uintptr_t frame = (uintptr_t)slot->watch.frame;

	return asleep->stack < frame && frame - asleep->stack < DEEPEST &&
	       cf_raw_peek(slot->watch.mark, &marked) == sizeof(marked) &&
	       marked == slot->watch.marked;
}

/* Past its instant. False when nobody is to be looked after any more. */
static bool look_after(struct slot *slot)
{
	struct cf_asleep asleep = cf_asleep_look(slot->tid);

	if (asleep.is_gone)
		return false;
	if (asleep.number == -1)
		return true; /* it runs */
	if (!is_inside(slot, &asleep))
		return false;
	if (asleep.may_be_stirred && atomic_load(&slot->state) == WATCHED) {
		if (!slot->has_stirred)
			slot->has_stirred = cf_stir_begin();
		if (slot->has_stirred &&
		    !cf_asleep_is_deaf(slot->tid, cf_stir_signal())) {
			memcpy(slot->place, asleep.place, sizeof(slot->place));
			cf_stir(slot->tid);
		}
	}
	if (!slot->is_reported && cf_clock_now() > atomic_load(&slot->until) + STUCK) {
		slot->is_reported = true;
		report_stuck(slot, &asleep);
	}
	if (slot->is_reported && while_stuck)
		while_stuck(slot->tid);
	return true;
}

/* Sleep until the instant, or for a tick past it; but look often, to know a stop of the
   process by the time since the last look. */
static void wait_a_while(struct slot *slot, cf_instant *seen)
{
	cf_instant until = atomic_load(&slot->until);
	int64_t left = cf_clock_left(until);
	int64_t length = left == 0 ? TICK : left < CF_CLOCK_SLICE ? left : CF_CLOCK_SLICE;

	cf_futex_wait(&slot->state, WATCHED, length);
	int64_t passed = cf_clock_now() - *seen;
	*seen += passed;
	int64_t stopped = cf_clock_stopped(passed, length);
	if (stopped > 0 && until != CF_NEVER)
		atomic_compare_exchange_strong(&slot->until, &until, until + stopped);
}

static void *run(void *data)
{
	struct slot *slot = data;
	cf_instant seen = slot->watch.began;

	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)"curfew-watch", 0);
	while (atomic_load(&slot->state) == WATCHED) {
		wait_a_while(slot, &seen);
		if (cf_clock_left(atomic_load(&slot->until)) == 0 &&
		    atomic_load(&slot->state) == WATCHED && !look_after(slot))
			break;
	}
	int watched = WATCHED;
	if (atomic_compare_exchange_strong(&slot->state, &watched, TAKEN)) {
		pthread_detach(slot->thread); /* nobody comes for us */
		atomic_store(&slot->state, FREE);
	}
	return NULL;
}

static bool start(struct slot *slot)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&slot->thread, NULL, run, slot);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0;
}

static struct slot *get_slot(void)
{
	for (int i = 0; i < CF_WATCHDOG_MOST; i++) {
		int free = FREE;

		if (atomic_compare_exchange_strong(&slots[i].state, &free, TAKEN))
			return &slots[i];
	}
	return NULL;
}

int cf_watchdog_enter(const struct cf_watch *watch)
{
	int error = errno;
	struct slot *slot = get_slot();

	if (!slot)
		return 0;
	slot->watch = *watch;
	slot->tid = (int)cf_raw_call3(SYS_gettid, 0, 0, 0);
	slot->is_reported = slot->has_stirred = false;
	slot->place[0] = '\0';
	atomic_store(&slot->until, watch->until);
	atomic_store(&slot->state, WATCHED);
	bool is_started = start(slot);
	if (!is_started)
		atomic_store(&slot->state, FREE);
	errno = error;
	return is_started ? (int)(slot - slots) + 1 : 0;
}

void cf_watchdog_move(int number, cf_instant until)
{
	if (number > 0)
		atomic_store(&slots[number - 1].until, until);
}

/* Whether the slot is still ours: its watchdog may have seen us leave by longjmp. */
static bool take_back(struct slot *slot)
{
	int watched = WATCHED;

	return slot->tid == (int)cf_raw_call3(SYS_gettid, 0, 0, 0) &&
	       atomic_compare_exchange_strong(&slot->state, &watched, LEFT);
}

bool cf_watchdog_leave(int number, char *place, size_t room)
{
	struct slot *slot = number > 0 ? &slots[number - 1] : NULL;
	int error = errno, before;
	struct cf_text text;

	if (!slot || !take_back(slot))
		return false;
	cf_futex_wake(&slot->state);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	pthread_join(slot->thread, NULL);
	pthread_setcancelstate(before, NULL);
	if (slot->has_stirred)
		cf_stir_end();
	cf_text_begin(&text, place, room);
	cf_text_add(&text, slot->place);
	atomic_store(&slot->state, FREE);
	errno = error;
	return text.length > 0;
}

void cf_watchdog_after_fork(void)
{
	for (int i = 0; i < CF_WATCHDOG_MOST; i++)
		atomic_store(&slots[i].state, FREE);
	cf_stir_after_fork();
}
