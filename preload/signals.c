/* SPDX-License-Identifier: MIT */
/*
 * signals.c - the flow of a signal that ends the process. Floor 3.
 *
 * What the program has set is kept here, what the kernel has is ours. Its flags and mask
 * are the program's, so that its handler runs as it would without us.
 */
#include "signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "asleep.h"
#include "layout.h"
#include "raw.h"

#define FIRST_OF_NAMESPACE 1 /* is not ended by a signal that has no handler */
#define RING		   4

static uint64_t wanted; /* set once, before any door is open */
static void (*begin_end)(int number);
static void (*flush)(void);
/* What the program has set: a ring of a few for each signal, so that a handler which is
   just being replaced is read whole. */
static CF_TABLE struct {
	struct sigaction ring[RING];
	_Atomic unsigned at;
} programs[NSIG];

static struct sigaction programs_own(int number)
{
	return programs[number].ring[atomic_load(&programs[number].at) % RING];
}

static void set_programs_own(int number, const struct sigaction *own)
{
	unsigned at = atomic_load(&programs[number].at);

	programs[number].ring[(at + 1) % RING] = *own;
	atomic_store(&programs[number].at, at + 1);
}

bool cf_signals_is_wanted(int number)
{
	return number > 0 && number < NSIG && (wanted >> (number - 1) & 1);
}

/* Nothing else is run: the kernel's own way to end a process by a signal. */
static void end_by_default(int number)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	unsigned long only = 1UL << (number - 1);

	flush();
	cf_real_sigaction(number, &plain, NULL);
	cf_raw_call3(SYS_tgkill, cf_raw_call3(SYS_getpid, 0, 0, 0),
		     cf_raw_call3(SYS_gettid, 0, 0, 0), number);
	cf_raw_call(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&only, 0, sizeof(only), 0, 0);
}

/* Whatever its flags are: so the kernel has it. */
static bool is_default(const struct sigaction *action)
{
	return action->sa_handler == SIG_DFL;
}

static bool is_ignored(const struct sigaction *action)
{
	return action->sa_handler == SIG_IGN;
}

/* The kernel drops what has no handler there. A process may come to be the first of a
   namespace by fork alone. */
static bool is_dropped(const struct sigaction *action)
{
	return is_default(action) &&
	       cf_raw_call3(SYS_getpid, 0, 0, 0) == FIRST_OF_NAMESPACE;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct sigaction own = programs_own(number), after = own;
	int error = errno;

	if (is_ignored(&own) || is_dropped(&own)) /* it has only just been set so */
		return;
	begin_end(number);
	after.sa_handler = SIG_DFL;
	if (own.sa_flags & (int)SA_RESETHAND)
		set_programs_own(number, &after);
	if (is_default(&own))
		end_by_default(number);
	errno = error;
	if (is_default(&own))
		return;
	if (own.sa_flags & SA_SIGINFO)
		own.sa_sigaction(number, info, context);
	else
		own.sa_handler(number);
}

/* What the kernel is to have for what the program wants. */
static struct sigaction ours_for(const struct sigaction *own)
{
	struct sigaction ours = *own;

	if (is_ignored(own) || is_dropped(own))
		return ours;
	ours.sa_sigaction = on_signal;
	ours.sa_flags |= SA_SIGINFO;
	return ours;
}

static bool is_ours(const struct sigaction *action)
{
	return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == on_signal;
}

/* What the kernel has, as the program would see it there: with its own handler. */
static struct sigaction as_seen(const struct sigaction *kernels,
				const struct sigaction *own)
{
	struct sigaction seen = *kernels;

	if (is_ours(kernels))
		seen.sa_sigaction = own->sa_sigaction;
	if (is_ours(kernels) || kernels->sa_handler == SIG_DFL)
		seen.sa_flags =
			(seen.sa_flags & ~SA_SIGINFO) | (own->sa_flags & SA_SIGINFO);
	return seen;
}

int cf_signals_set(int number, const struct sigaction *action, struct sigaction *old)
{
	struct sigaction before = programs_own(number), seen, ours;

	if (action) {
		ours = ours_for(action);
		set_programs_own(number, action); /* first: it may be delivered at once */
	}
	if (cf_real_sigaction(number, action ? &ours : NULL, &seen) == -1) {
		set_programs_own(number, &before);
		return -1;
	}
	if (old)
		*old = as_seen(&seen, &before);
	return 0;
}

/* The variants differ in flags and mask: so each sets its own, which is then looked at. */
cf_signal_function *cf_signals_set_handler(enum cf_real_signal variant, int number,
					   cf_signal_function *handler)
{
	struct sigaction before = programs_own(number), own, ours;
	cf_signal_function *old = cf_real_signal(variant, number, handler);

	if (old == SIG_ERR || cf_real_sigaction(number, NULL, &own) == -1)
		return old;
	if (!is_ours(&own)) { /* as it is after sigset(SIG_HOLD) */
		set_programs_own(number, &own);
		ours = ours_for(&own);
		cf_real_sigaction(number, &ours, NULL);
	}
	return old == (cf_signal_function *)(void *)on_signal ? before.sa_handler : old;
}

static bool would_end(int number)
{
	struct sigaction own = programs_own(number);

	return cf_signals_is_wanted(number) && !is_ignored(&own) && !is_dropped(&own);
}

void cf_signals_take_pending(int tid)
{
	unsigned long pending = 0;

	cf_raw_call3(SYS_rt_sigpending, (long)&pending, sizeof(pending), 0);
	for (int number = 1; pending & wanted && number < NSIG; number++) {
		if (pending >> (number - 1) & 1 && would_end(number) &&
		    !cf_asleep_is_deaf(tid, number))
			begin_end(number); /* again is nothing */
	}
}

void cf_signals_begin(const struct cf_policy *policy, void (*end)(int number),
		      void (*sweep)(void))
{
	struct sigaction now, ours;

	wanted = policy->mode == CF_MODE_ENFORCE ? policy->end_signals : 0;
	begin_end = end;
	flush = sweep;
	for (int number = 1; number < NSIG; number++) {
		if (!cf_signals_is_wanted(number) ||
		    cf_real_sigaction(number, NULL, &now) == -1)
			continue;
		set_programs_own(number, &now);
		ours = ours_for(&now);
		cf_real_sigaction(number, &ours, NULL);
	}
}
