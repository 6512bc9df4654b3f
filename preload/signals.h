/* SPDX-License-Identifier: MIT */
#ifndef CF_SIGNALS_H
#define CF_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "policy.h"
#include "real_end.h"

/*
 * signals.h - the story of a signal that is to end the process: its end begins with the
 * signal, and then the program's own handler runs, as ever.
 *
 * Floor 3. Signals of CURFEW_ON_SIGNAL alone, and not while the program ignores them: a
 * handler of ours stands before the program's, which sees its own wherever it asks. Where
 * the program has none, the signal ends it as ever, after what it holds open on servers
 * has been flushed by hands. Async-signal-safe; errno is the program's.
 */

/* Begin, once, with a policy that must outlive every call. `end` is called with the number
   when one of them has come, `sweep` to flush what is open: by a signal handler. */
void cf_signals_begin(const struct cf_policy *policy, void (*end)(int number),
		      void (*sweep)(void));

/* Whether this signal is one of them: a word is read. */
bool cf_signals_is_wanted(int number);

/* sigaction(2). */
int cf_signals_set(int number, const struct sigaction *action, struct sigaction *old);

/* signal(3) and its variants. */
cf_signal_function *cf_signals_set_handler(enum cf_real_signal variant, int number,
					   cf_signal_function *handler);

/* Begin the end for a signal that has come and waits because the thread `tid`, which has it
   not blocked, sleeps where no signal reaches it. Called on a thread that has all signals
   blocked. */
void cf_signals_take_pending(int tid);

#endif
