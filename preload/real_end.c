/* SPDX-License-Identifier: MIT */
/*
 * real_end.c - the next function of each name, looked up once. Floor 0.
 */
#include "real_end.h"

#include <errno.h>
#include <stddef.h>

#include "raw.h"
#include "real.h"

static void (*next_exit)(int);
static void (*next_quick_exit)(int);
static void (*next_leave)(int);
static int (*next_on_exit)(void (*)(int, void *), void *);
static int (*next_at_quick_exit)(void (*)(void *), void *);
static int (*next_cxa_atexit)(void (*)(void *), void *, void *);
static int (*next_cxa_thread_atexit)(void (*)(void *), void *, void *);
static int (*next_start_main)(cf_main_function *, int, char **, void (*)(void),
			      void (*)(void), void (*)(void), void *);
static int (*next_sigaction)(int, const struct sigaction *, struct sigaction *);
static cf_signal_function *(*next_signal[CF_REAL_SIGNALS])(int, cf_signal_function *);
static int (*next_prctl)(int, ...);

void cf_real_end_bind(void)
{
	static const struct {
		const char *name;
		void *slot;
	} wanted[] = {
		{ "quick_exit", &next_quick_exit },
		{ "_exit", &next_leave },
		{ "on_exit", &next_on_exit },
		{ "__cxa_at_quick_exit", &next_at_quick_exit },
		{ "__cxa_atexit", &next_cxa_atexit },
		{ "__cxa_thread_atexit_impl", &next_cxa_thread_atexit },
		{ "__libc_start_main", &next_start_main },
		{ "sigaction", &next_sigaction },
		{ "signal", &next_signal[CF_REAL_SIGNAL] },
		{ "__sysv_signal", &next_signal[CF_REAL_SYSV_SIGNAL] },
		{ "sigset", &next_signal[CF_REAL_SIGSET] },
		{ "prctl", &next_prctl },
		{ "exit", &next_exit }, /* the last: then all are there */
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		cf_real_look_up(wanted[i].name, wanted[i].slot);
}

static void bind_early(void)
{
	if (!next_exit)
		cf_real_end_bind();
}

static void __attribute__((noreturn)) leave(int status)
{
	for (;;)
		cf_raw_call3(SYS_exit_group, status, 0, 0);
}

void cf_real_exit(int status)
{
	bind_early();
	if (next_exit)
		next_exit(status);
	leave(status);
}

void cf_real_quick_exit(int status)
{
	bind_early();
	if (next_quick_exit)
		next_quick_exit(status);
	leave(status);
}

void cf_real_leave(int status)
{
	if (next_leave)
		next_leave(status);
	leave(status);
}

int cf_real_on_exit(void (*handler)(int status, void *argument), void *argument)
{
	bind_early();
	return next_on_exit ? next_on_exit(handler, argument) : -1;
}

/* Called as a function with an argument that it does not take, as libc's own does. */
int cf_real_at_quick_exit(void (*handler)(void))
{
	bind_early();
	return next_at_quick_exit
		       ? next_at_quick_exit((void (*)(void *))(void *)handler, NULL)
		       : -1;
}

int cf_real_cxa_atexit(void (*handler)(void *argument), void *argument, void *object)
{
	bind_early();
	return next_cxa_atexit ? next_cxa_atexit(handler, argument, object) : -1;
}

int cf_real_cxa_thread_atexit(void (*handler)(void *argument), void *argument,
			      void *object)
{
	bind_early();
	return next_cxa_thread_atexit ? next_cxa_thread_atexit(handler, argument, object)
				      : -1;
}

int cf_real_start_main(cf_main_function *main, int argc, char **argv, void (*init)(void),
		       void (*fini)(void), void (*loader_fini)(void), void *stack_end)
{
	bind_early();
	return next_start_main(main, argc, argv, init, fini, loader_fini, stack_end);
}

int cf_real_sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	bind_early();
	return next_sigaction(number, action, old);
}

cf_signal_function *cf_real_signal(enum cf_real_signal variant, int number,
				   cf_signal_function *handler)
{
	bind_early();
	return next_signal[variant](number, handler);
}

int cf_real_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
		  unsigned long d)
{
	bind_early();
	return next_prctl(option, a, b, c, d);
}
