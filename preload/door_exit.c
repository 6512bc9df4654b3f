/* SPDX-License-Identifier: MIT */
/*
 * door_exit.c - the doors of the end: exit() and its relatives, main() when it returns, and
 * what comes after every handler and destructor. The rules are those of door_fd.c.
 */
#include <stdlib.h>
#include <unistd.h>

#include "entry.h"
#include "exit_guard.h"
#include "fork.h"
#include "leaks.h"
#include "real_end.h"
#include "signals.h"
#include "sweep.h"
#include "watchdog.h"

/* Of the ABI: no header has it. */
int __libc_start_main(cf_main_function *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*loader_fini)(void), void *stack_end);

static cf_main_function *program_main;
static _Atomic bool is_told;  /* that the end begins */
static _Atomic bool is_quick; /* quick_exit() writes no stream */

/* The time of the end is over: in a thread of ours. */
static void over(void)
{
	if (!cf_exit_guard_take_over())
		return;
	cf_sweep_in_haste(!is_quick);
	cf_exit_guard_force(!is_quick);
}

/* A child that a handler has forked goes on with the end of its own. */
static void forget(void)
{
	is_told = false;
}

/* Where the program had no chance to say that it ends: see below. */
static void come_first(int status, void *unused);
static void come_last(int status, void *unused);
static void come_last_quickly(void);

/* What is registered now runs after the handlers of all others, and the last of ours after
   the loader's own, which runs the destructors. */
void cf_door_exit_begin(const struct cf_policy *policy)
{
	cf_exit_guard_begin(policy, over);
	cf_sweep_begin(policy);
	cf_leaks_begin(policy);
	cf_signals_begin(policy, cf_exit_guard_end_by_signal, cf_sweep_leave);
	cf_watchdog_while_stuck(cf_signals_take_pending);
	cf_real_on_exit(come_last, NULL);
	cf_real_at_quick_exit(come_last_quickly);
	cf_door_handler_begin(come_first);
	cf_fork_on_child(forget);
}

static void end(int status)
{
	is_told = true;
	if (cf_entry_may_enter())
		cf_exit_guard_end(status);
}

CF_DOOR void exit(int status)
{
	end(status);
	cf_real_exit(status);
}

CF_DOOR void quick_exit(int status)
{
	is_quick = true;
	end(status);
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

/* libc calls exit() itself, too, for err() or the last thread. So one of ours runs before
   the first of the program's handlers, which was registered last. */
static void come_first(int status, void *unused)
{
	(void)unused;
	if (cf_entry_may_enter() && !is_told)
		end(status);
}

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
	cf_real_on_exit(come_first, NULL); /* there may be destructors alone */
	int status = program_main(argc, argv, environment);

	end(status);
	return status;
}

CF_DOOR int __libc_start_main(cf_main_function *main, int argc, char **argv,
			      void (*init)(void), void (*fini)(void),
			      void (*loader_fini)(void), void *stack_end)
{
	if (cf_entry_may_enter()) {
		program_main = main;
		main = run_main;
	}
	return cf_real_start_main(main, argc, argv, init, fini, loader_fini, stack_end);
}
