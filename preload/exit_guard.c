/* SPDX-License-Identifier: MIT */
/*
 * exit_guard.c - the flow of the end. Floor 3.
 *
 * It is watched only if there is something that could block: a second thread, a handler, a
 * destructor, or bytes in stdio for somebody who may not take them.
 */
#include "exit_guard.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <sys/single_threaded.h>
#include <time.h>

#include "clock.h"
#include "dynamic.h"
#include "ending.h"
#include "events.h"
#include "exit_watch.h"
#include "facts.h"
#include "fork.h"
#include "layout.h"
#include "loader.h"
#include "raw.h"
#include "say.h"
#include "streams.h"
#include "text.h"
#include "unwritten.h"
#include "whereabouts.h"

#define STAND_ASIDE   (1000 * CF_MS)
#define SIGNAL_STATUS 128 /* what a shell adds to a signal's number */
#define THREADS_BYTES 4096

static const struct cf_policy *policy; /* set once, before any door is open */
static void (*when_over)(void);

void cf_exit_guard_begin(const struct cf_policy *new_policy, void (*over)(void))
{
	policy = new_policy;
	when_over = over;
	if (__libc_single_threaded) /* then this thread is the first one */
		cf_exit_watch_prepare(cf_raw_thread_pointer());
}

/* The start files of a compiler leave one in every object. */
static int has_destructors(struct dl_phdr_info *object, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	return cf_dynamic_number(object, DT_FINI_ARRAYSZ) > sizeof(ElfW(Addr));
}

static bool has_unwritten(void)
{
	return cf_unwritten_may_block(cf_facts_may_write) ||
	       cf_streams_any_beyond_reach();
}

static void watch(void)
{
	if (policy->mode == CF_MODE_ENFORCE &&
	    policy->deadline_ns[CF_CLASS_EXIT] != CF_NEVER)
		cf_exit_watch_begin(cf_ending_until(), when_over);
}

/* True for the first. */
static bool begin_ending(void)
{
	return cf_ending_begin(policy->deadline_ns[CF_CLASS_EXIT]);
}

/* Nearly without a system call: one or two for a stream that holds bytes. */
static bool could_block(void)
{
	return !__libc_single_threaded || cf_ending_has_handlers() ||
	       cf_loader_each(has_destructors, NULL) || has_unwritten();
}

void cf_exit_guard_end(int status)
{
	int error = errno;

	if (cf_ending_is_confined() ||
	    (!cf_ending_now().is_under_way && !could_block()) ||
	    !cf_fork_is_own_process())
		return;
	cf_ending_choose(status);
	if (begin_ending())
		watch();
	errno = error;
}

void cf_exit_guard_end_by_signal(int number)
{
	int error = errno;

	if (!cf_ending_is_confined() && cf_fork_is_own_process() && begin_ending()) {
		cf_ending_note_signal(number);
		watch();
	}
	errno = error;
}

static void report(struct cf_event *event, const struct cf_ending_state *state)
{
	event->ending = CF_EVENT_FORCED_EXIT;
	event->call = "exit";
	event->class = cf_policy_class_name(CF_CLASS_EXIT);
	event->handle = state->tid;
	event->mount = "";
	event->type = "process";
	event->deadline_ns = policy->deadline_ns[CF_CLASS_EXIT];
	event->waited_ns = cf_clock_now() - state->began;
	cf_say_permit(cf_facts_may_write(2));
	cf_events_report(event);
}

void cf_exit_guard_note_last(int status)
{
	int error = errno;

	if (cf_ending_is_confined() ||
	    (!cf_ending_now().is_under_way && !has_unwritten()) ||
	    !cf_fork_is_own_process())
		return;
	struct cf_ending_state state = cf_ending_now();
	if (policy->mode == CF_MODE_OBSERVE && state.is_under_way &&
	    cf_clock_left(state.until) == 0)
		report(&(struct cf_event){ .name = "",
					   .result = status,
					   .is_observed = true },
		       &state);
	cf_ending_choose(status);
	begin_ending();
	if (has_unwritten())
		watch();
	errno = error;
}

bool cf_exit_guard_take_over(void)
{
	return cf_ending_take_over();
}

/* As whoever sent it has meant it. Does nothing in the init of a pid namespace. */
static void end_by_signal(int number)
{
	const unsigned long plain[4] = { 0 }; /* the kernel's sigaction: SIG_DFL */
	unsigned long only = 1UL << (number - 1);

	cf_raw_call(SYS_rt_sigaction, number, (long)plain, 0, sizeof(only), 0, 0);
	cf_raw_call(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&only, 0, sizeof(only), 0, 0);
	cf_raw_call3(SYS_tgkill, cf_raw_call3(SYS_getpid, 0, 0, 0),
		     cf_raw_call3(SYS_gettid, 0, 0, 0), number);
}

void cf_exit_guard_force(bool would_write)
{
	static CF_TABLE char bytes[THREADS_BYTES];
	struct cf_ending_state state = cf_ending_now();
	if (state.tid == 0) /* the signal has found the program elsewhere */
		state.tid = (int)cf_raw_call3(SYS_getpid, 0, 0, 0);
	int signal = state.is_chosen ? 0 : state.signal;
	int status = signal ? SIGNAL_STATUS + signal : state.status;
	struct cf_text threads;

	cf_text_begin(&threads, bytes, sizeof(bytes));
	struct cf_whereabouts found = cf_whereabouts_look(state.tid, &threads);
	report(&(struct cf_event){ .name = found.place,
				   .threads = threads.full ? NULL : bytes,
				   .is_held = found.is_held,
				   .unwritten = would_write ? cf_streams_unwritten() : 0,
				   .signal = signal,
				   .result = status & 0xff },
	       &state);
	if (signal)
		end_by_signal(signal);
	for (;;)
		cf_raw_call3(SYS_exit_group, status, 0, 0);
}

void cf_exit_guard_stand_aside(void)
{
	struct timespec moment = { 0, CF_MS };

	if (!cf_ending_is_taken_over())
		return;
	for (cf_instant end = cf_clock_after(STAND_ASIDE); cf_clock_left(end) > 0;)
		cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&moment, 0, 0,
			    0);
}
