/* SPDX-License-Identifier: MIT */
/*
 * exit_watch.c - a raw thread, and the wait that it makes. Floor 2.
 *
 * Built like errand.c: it waits beside a program that runs, with the thread-local memory of
 * one of its threads.
 */
#include "exit_watch.h"

#include <linux/sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <time.h>

#include "clock.h"
#include "layout.h"
#include "raw.h"

#define STACK_BYTES 65536
#define GRACE	    (10 * CF_MS) /* for who ends its waits at the instant itself */
#define CLONE_FLAGS                                                                      \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |              \
	 CLONE_SYSVSEM | CLONE_UNTRACED | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static CF_TABLE _Alignas(64) char stack[STACK_BYTES];
static _Atomic bool is_there;
static int tid; /* the kernel's word */
static _Atomic int64_t *end;
static void (*when_over)(void);
static void *thread_pointer; /* of a thread that stays; NULL: of the caller */

static int64_t now_ns(void)
{
	struct timespec now;

	now.tv_sec = 0;
	now.tv_nsec = 0;
	cf_raw_call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
	return (int64_t)now.tv_sec * 1000 * CF_MS + now.tv_nsec;
}

static void pause_for(int64_t length_ns)
{
	struct timespec length;

	length.tv_sec = 0;
	length.tv_nsec = (long)length_ns;
	cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&length, 0, 0, 0);
}

static void run(void *unused)
{
	int64_t before, left;

	(void)unused;
	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)"curfew-exit", 0);
	for (before = now_ns(); (left = atomic_load(end) + GRACE - before) > 0;) {
		int64_t slice = left < CF_CLOCK_SLICE ? left : CF_CLOCK_SLICE;

		pause_for(slice);
		int64_t after = now_ns();
		atomic_fetch_add(end, cf_clock_stopped(after - before, slice));
		before = after;
	}
	when_over();
}

void cf_exit_watch_prepare(void *pointer)
{
	thread_pointer = pointer;
}

bool cf_exit_watch_begin(_Atomic int64_t *until, void (*over)(void))
{
	unsigned long all = ~0UL, before = 0;

	if (atomic_exchange(&is_there, true))
		return true;
	end = until;
	when_over = over;
	cf_raw_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, 8, 0, 0);
	unsigned long flags = CLONE_FLAGS | (thread_pointer ? CLONE_SETTLS : 0);
	long result =
		cf_raw_clone(flags, stack + STACK_BYTES, &tid, thread_pointer, run, NULL);
	cf_raw_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, 8, 0, 0);
	if (result < 0)
		atomic_store(&is_there, false);
	return result >= 0;
}

void cf_exit_watch_after_fork(void)
{
	atomic_store(&is_there, false);
}
