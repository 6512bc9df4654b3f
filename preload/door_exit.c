/* SPDX-License-Identifier: MIT */
/*
 * door_exit.c - the doors of the end: exit() and its relatives, main() when it returns, and
 * what comes after every handler and destructor. The rules are those of door_fd.c.
 */
#include <stdlib.h>
#include <unistd.h>

#include "ending.h"
#include "entry.h"
#include "exit_guard.h"
#include "leaks.h"
#include "real_end.h"
#include "signals.h"
#include "sweep.h"

/* Of the ABI: no header has them. */
int __libc_start_main(cf_main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*loader_fini)(void), void *stack_end);
int __cxa_atexit(void (*handler)(void *argument), void *argument, void *object);
int __cxa_thread_atexit_impl(void (*handler)(void *argument), void *argument,
			     void *object);

static cf_main_function *program_main;
static _Atomic bool is_quick; /* quick_exit() writes no stream */

/* The time of the end is over: in a thread of ours. */
static void over(void)
{
	if (!cf_exit_guard_take_over())
		return;
	cf_sweep_in_haste(!is_quick);
	cf_exit_guard_force();
}

void cf_door_exit_begin(const struct cf_policy *policy)
{
	cf_exit_guard_begin(policy, over);
	cf_sweep_begin(policy);
	cf_leaks_begin(policy);
	cf_signals_begin(policy, cf_exit_guard_end_by_signal, cf_sweep_leave);
}

CF_DOOR void exit(int status)
{
	if (cf_entry_may_enter())
		cf_exit_guard_end(status);
	cf_real_exit(status);
}

CF_DOOR void quick_exit(int status)
{
	is_quick = true;
	if (cf_entry_may_enter())
		cf_exit_guard_end(status);
	cf_real_quick_exit(status);
}

CF_DOOR void _exit(int status)
{
	if (cf_entry_may_enter()) {
		cf_leaks_report();
		cf_sweep_leave();
		cf_exit_guard_stand_aside();
	}
	cf_real_leave(status);
}

CF_DOOR void _Exit(int status) __attribute__((alias("_exit")));

/* The last of what exit() runs: registered before all others, and before the loader's own
   handler, which runs the destructors. */
static void come_last(int status, void *unused)
{
	(void)unused;
	if (!cf_entry_may_enter())
		return;
	cf_leaks_report();
	cf_sweep_last();
	cf_exit_guard_note_last(status);
	cf_exit_guard_stand_aside();
}

/* The same for quick_exit(), which flushes no stream. */
static void come_last_quickly(void)
{
	if (!cf_entry_may_enter())
		return;
	cf_sweep_leave();
	cf_exit_guard_stand_aside();
}

static int run_main(int argc, char **argv, char **environment)
{
	int status = program_main(argc, argv, environment);

	if (cf_entry_may_enter())
		cf_exit_guard_end(status);
	return status;
}

CF_DOOR int __libc_start_main(cf_main_function *main, int argc, char **argv,
			      void (*init)(void), void (*fini)(void),
			      void (*loader_fini)(void), void *stack_end)
{
	if (cf_entry_may_enter()) {
		program_main = main;
		main = run_main;
		cf_real_on_exit(come_last, NULL);
		cf_real_at_quick_exit(come_last_quickly);
	}
	return cf_real_start_main(main, argc, argv, init, fini, loader_fini, stack_end);
}

CF_DOOR int on_exit(void (*handler)(int status, void *argument), void *argument)
{
	cf_ending_note_handler();
	return cf_real_on_exit(handler, argument);
}

/* What atexit() and static destructors of C++ come to. */
CF_DOOR int __cxa_atexit(void (*handler)(void *argument), void *argument, void *object)
{
	cf_ending_note_handler();
	return cf_real_cxa_atexit(handler, argument, object);
}

/* The same for thread_local ones. */
CF_DOOR int __cxa_thread_atexit_impl(void (*handler)(void *argument), void *argument,
				     void *object)
{
	cf_ending_note_handler();
	return cf_real_cxa_thread_atexit(handler, argument, object);
}
