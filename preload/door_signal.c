/* SPDX-License-Identifier: MIT */
/*
 * door_signal.c - the doors for what decides how a process can be ended: signals, and the
 * filters by which it confines itself. The rules are those of door_fd.c.
 */
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "ending.h"
#include "entry.h"
#include "real_end.h"
#include "signals.h"

CF_DOOR int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	return cf_signals_is_wanted(number) && cf_entry_may_enter()
		       ? cf_signals_set(number, action, old)
		       : cf_real_sigaction(number, action, old);
}

/* By the name that C++ runtimes and old programs have for it. */
int __sigaction(int number, const struct sigaction *action, struct sigaction *old)
	__attribute__((alias("sigaction"), visibility("default"), nothrow, leaf));

static cf_signal_function *set(enum cf_real_signal variant, int number,
			       cf_signal_function *handler)
{
	return cf_signals_is_wanted(number) && cf_entry_may_enter()
		       ? cf_signals_set_handler(variant, number, handler)
		       : cf_real_signal(variant, number, handler);
}

CF_DOOR cf_signal_function *signal(int number, cf_signal_function *handler)
{
	return set(CF_REAL_SIGNAL, number, handler);
}

CF_DOOR cf_signal_function *bsd_signal(int number, cf_signal_function *handler)
	__attribute__((alias("signal"), nothrow, leaf));
CF_DOOR cf_signal_function *ssignal(int number, cf_signal_function *handler)
	__attribute__((alias("signal"), nothrow, leaf));

CF_DOOR cf_signal_function *__sysv_signal(int number, cf_signal_function *handler)
{
	return set(CF_REAL_SYSV_SIGNAL, number, handler);
}

CF_DOOR cf_signal_function *sysv_signal(int number, cf_signal_function *handler)
	__attribute__((alias("__sysv_signal"), nothrow, leaf));

CF_DOOR cf_signal_function *sigset(int number, cf_signal_function *handler)
{
	return set(CF_REAL_SIGSET, number, handler);
}

/* Who does without new privileges is about to install a filter, maybe by a call that no
   door sees. */
CF_DOOR int prctl(int option, ...)
{
	va_list rest;

	va_start(rest, option);
	unsigned long a = va_arg(rest, unsigned long);
	unsigned long b = va_arg(rest, unsigned long);
	unsigned long c = va_arg(rest, unsigned long);
	unsigned long d = va_arg(rest, unsigned long);
	va_end(rest);
	if (option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS)
		cf_ending_note_confined();
	return cf_real_prctl(option, a, b, c, d);
}
