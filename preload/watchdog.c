/* SPDX-License-Identifier: MIT */
/*
 * watchdog.c - slots for the watched, and the thread that walks them. Floor 2.
 *
 * A slot is the watched thread's; the watchdog holds it (HELD) for the moment in which it
 * sends a signal, and leaving waits for that: no thread is stirred after its call.
 */
#include "watchdog.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <time.h>

#include "asleep.h"
#include "events.h"
#include "raw.h"

#define TICK	   (50 * CF_MS)
#define STUCK	   (100 * CF_MS) /* so long after its instant nothing has helped */
#define IDLE_TICKS 20

enum { FREE, TAKEN, WATCHED, HELD };

struct slot {
	_Atomic int state;
	int tid;
	bool is_reported;
	struct cf_watch watch;
	_Atomic int64_t until;
};

static struct slot slots[CF_WATCHDOG_MOST];
static _Atomic bool is_running;
static int stirring; /* our signal, 0 before it is chosen */

static void on_stir(int signal)
{
	(void)signal; /* its arrival is all that is wanted */
}

static bool is_still_ours(void)
{
	struct sigaction now;

	return sigaction(stirring, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
	       now.sa_handler == on_stir;
}

/* The last real-time signal that nobody uses. */
static void choose_signal(void)
{
	struct sigaction ours = { .sa_handler = on_stir }, now;

	if (stirring && is_still_ours())
		return;
	stirring = 0;
	for (int signal = SIGRTMAX - 1; signal > SIGRTMIN && !stirring; signal--) {
		if (sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_DFL &&
		    sigaction(signal, &ours, NULL) == 0)
			stirring = signal;
	}
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
   and that still holds our mark. Read by the kernel, since it may be gone altogether. */
static bool is_inside(const struct slot *slot, const struct cf_asleep *asleep)
{
	uint64_t marked = 0;
	struct iovec to = { &marked, sizeof(marked) };
	struct iovec from = { (void *)slot->watch.mark, sizeof(marked) };

	return asleep->stack < (uintptr_t)slot->watch.frame &&
	       cf_raw_call(SYS_process_vm_readv, cf_raw_call3(SYS_getpid, 0, 0, 0),
			   (long)&to, 1, (long)&from, 1, 0) == sizeof(marked) &&
	       marked == slot->watch.marked;
}

static bool may_stir(const struct slot *slot, const struct cf_asleep *asleep)
{
	return asleep->may_be_stirred && stirring &&
	       !cf_asleep_is_deaf(slot->tid, stirring) && is_still_ours();
}

/* With the slot held. */
static void act(struct slot *slot, const struct cf_asleep *asleep)
{
	if (may_stir(slot, asleep))
		cf_raw_call3(SYS_tgkill, cf_raw_call3(SYS_getpid, 0, 0, 0), slot->tid,
			     stirring);
	if (slot->is_reported || cf_clock_now() < atomic_load(&slot->until) + STUCK)
		return;
	slot->is_reported = true;
	report_stuck(slot, asleep);
}

static void look_after(struct slot *slot)
{
	int watched = WATCHED;

	if (cf_clock_left(atomic_load(&slot->until)) > 0 ||
	    !atomic_compare_exchange_strong(&slot->state, &watched, HELD))
		return;
	struct cf_asleep asleep = cf_asleep_look(slot->tid);
	if (asleep.number == -1) {
		atomic_store(&slot->state, WATCHED); /* it runs */
	} else if (is_inside(slot, &asleep)) {
		act(slot, &asleep);
		atomic_store(&slot->state, WATCHED);
	} else {
		atomic_store(&slot->state, FREE);
	}
}

/* Whether anybody is watched. */
static bool walk(void)
{
	bool is_needed = false;

	for (int i = 0; i < CF_WATCHDOG_MOST; i++) {
		if (atomic_load(&slots[i].state) == FREE)
			continue;
		is_needed = true;
		look_after(&slots[i]);
	}
	return is_needed;
}

static void *run(void *unused)
{
	struct timespec tick = { 0, TICK };

	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)"curfew-watch", 0);
	for (int idle = 0; idle < IDLE_TICKS; idle++) {
		cf_raw_call3(SYS_nanosleep, (long)&tick, 0, 0);
		if (walk())
			idle = 0;
		if (idle < IDLE_TICKS - 1)
			continue;
		atomic_store(&is_running, false);
		/* Somebody may have come who saw us running. */
		if (walk() && !atomic_exchange(&is_running, true))
			idle = 0;
	}
	return unused;
}

static bool start(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;

	if (atomic_exchange(&is_running, true))
		return true;
	choose_signal();
	if (pthread_attr_init(&attributes) != 0) {
		atomic_store(&is_running, false);
		return false;
	}
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&thread, &attributes, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error)
		atomic_store(&is_running, false);
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
	slot->tid = (int)cf_raw_call3(SYS_gettid, 0, 0, 0);
	slot->is_reported = false;
	slot->watch = *watch;
	atomic_store(&slot->until, watch->until);
	atomic_store(&slot->state, WATCHED);
	bool is_started = start();
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

void cf_watchdog_leave(int number)
{
	struct timespec moment = { 0, CF_MS / 20 };
	int watched = WATCHED, error = errno;

	if (number == 0)
		return;
	/* Free already when a longjmp was noticed; then it may be another's by now. */
	while (slots[number - 1].tid == (int)cf_raw_call3(SYS_gettid, 0, 0, 0) &&
	       !atomic_compare_exchange_strong(&slots[number - 1].state, &watched,
					       FREE) &&
	       watched != FREE) {
		watched = WATCHED;
		cf_raw_call3(SYS_nanosleep, (long)&moment, 0, 0);
	}
	errno = error;
}

void cf_watchdog_after_fork(void)
{
	for (int i = 0; i < CF_WATCHDOG_MOST; i++)
		atomic_store(&slots[i].state, FREE);
	atomic_store(&is_running, false);
}
