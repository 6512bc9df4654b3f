/* SPDX-License-Identifier: MIT */
/*
 * launch_ending.c - two countdowns: until SIGKILL, and until we say what holds it up.
 */
#include "launch_ending.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "clock.h"
#include "refuse.h"
#include "run_record.h"
#include "stuck_thread.h"
#include "text.h"

#define SLICE_NS    (100 * CF_MS)  /* short, so that a stop can be told from a wait */
#define LOOK_NS	    (1000 * CF_MS) /* between two looks at the record               */
#define PATIENCE_NS (1000 * CF_MS) /* for an end that nothing can hold up           */

void launch_ending_begin(struct launch_ending *ending, const struct launch_order *order,
			 pid_t program)
{
	*ending = (struct launch_ending){
		.order = order,
		.program = program,
		.grace_ns = CF_NEVER,
		.patience_ns = CF_NEVER,
	};
}

static int64_t least(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

int64_t launch_ending_wait_ns(const struct launch_ending *ending)
{
	int64_t left = least(ending->grace_ns, ending->patience_ns);

	if (left != CF_NEVER)
		return least(left, SLICE_NS);
	return ending->is_doomed || ending->order->quiet ? CF_NEVER : LOOK_NS;
}

static bool is_ignored(int signal_number)
{
	struct sigaction given;

	return sigaction(signal_number, NULL, &given) == 0 && given.sa_handler == SIG_IGN;
}

void launch_ending_hear(struct launch_ending *ending, int signal_number)
{
	bool asks = signal_number == SIGTERM || signal_number == SIGINT ||
		    signal_number == SIGHUP;

	if (!asks || ending->asked_by || is_ignored(signal_number))
		return;
	ending->asked_by = signal_number;
	ending->grace_ns = ending->order->kill_after_ns;
}

/* It may have ended while its SIGCHLD waits for us. */
static bool has_ended(pid_t program)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)program, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == program;
}

static void doom(struct launch_ending *ending)
{
	ending->is_doomed = true;
	ending->patience_ns = PATIENCE_NS;
}

static void cut(struct launch_ending *ending)
{
	char length[32];
	struct cf_text text;

	ending->grace_ns = CF_NEVER;
	if (has_ended(ending->program))
		return;
	kill(ending->program, SIGKILL);
	ending->is_cut = true;
	if (!ending->is_doomed)
		doom(ending);
	if (ending->order->quiet)
		return;
	cf_text_begin(&text, length, sizeof(length));
	cf_text_add_duration(&text, ending->order->kill_after_ns);
	say_in_passing("curfew: %s is still there %s after SIG%s: SIGKILL",
		       ending->order->command[0], length, sigabbrev_np(ending->asked_by));
}

/* Once; but while all its threads are at work, freeing much memory perhaps, nothing is
   stuck yet. */
static void tell_what_holds_it_up(struct launch_ending *ending)
{
	struct stuck_thread thread;

	ending->patience_ns = CF_NEVER;
	if (ending->order->quiet || has_ended(ending->program))
		return;
	if (!stuck_thread_find(&thread, ending->program)) {
		ending->patience_ns = PATIENCE_NS;
		return;
	}
	say_in_passing("curfew: %s cannot be ended: thread %d waits in the kernel%s and "
		       "no signal "
		       "ends that; it is gone when that returns",
		       ending->order->command[0], (int)thread.tid, thread.place);
}

static int64_t count_down(int64_t left_ns, int64_t passed_ns)
{
	if (left_ns == CF_NEVER)
		return CF_NEVER;
	return passed_ns < left_ns ? left_ns - passed_ns : 0;
}

void launch_ending_pass(struct launch_ending *ending, int64_t passed_ns,
			int64_t length_ns)
{
	if (length_ns == CF_NEVER)
		return;
	passed_ns -= cf_clock_stopped(passed_ns, length_ns);
	ending->grace_ns = count_down(ending->grace_ns, passed_ns);
	ending->patience_ns = count_down(ending->patience_ns, passed_ns);
	if (ending->grace_ns == 0)
		cut(ending);
	if (ending->patience_ns == 0)
		tell_what_holds_it_up(ending);
	if (!ending->is_doomed && !ending->order->quiet &&
	    run_record_tells_end(ending->order->record, ending->program))
		doom(ending);
}
