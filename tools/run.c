/* SPDX-License-Identifier: MIT */
/*
 * run.c - the verb `run`: options, environment, program, verdict, in this order.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "refuse.h"
#include "run_environment.h"
#include "run_options.h"
#include "run_record.h"
#include "stuck_hand.h"
#include "verbs.h"

#define PATIENCE_MS 300 /* for the word that the library was loaded */

static int report_not_run(const char *name, const struct launch_end *end)
{
	if (end->pid == -1)
		return refuse("curfew run: cannot start a process: %s",
			      strerror(end->error));
	if (end->error == ENOENT && !strchr(name, '/')) {
		say("curfew run: there is no program '%s' in PATH", name);
		return EXIT_NOT_FOUND;
	}
	say("curfew run: cannot execute '%s': %s", name, strerror(end->error));
	return end->error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

static void sum_up(const char *name, const struct run_findings *findings, int wait_status)
{
	bool by_signal = WIFSIGNALED(wait_status);

	say("curfew: %s ended with %s %d; library loaded %u times; cleanups %s: %u", name,
	    by_signal ? "signal" : "status",
	    by_signal ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status), findings->loads,
	    findings->would ? "that would have been cut" : "cut at their deadline",
	    findings->would ? findings->would : findings->cut);
}

int run_verb(int argc, char **argv)
{
	struct run_options options;
	struct run_record record;
	bool off;

	if (!run_options_read(&options, argc, argv) ||
	    !run_environment_prepare(&options, &off))
		return EXIT_OWN_FAILURE;
	launch_hold_signals();
	if (!run_record_begin(&record))
		return EXIT_OWN_FAILURE;
	const char *name = options.command[0];
	struct launch_end end =
		launch(&(struct launch_order){ .command = options.command,
					       .kill_after_ns = options.kill_after_ns,
					       .record = &record,
					       .quiet = options.quiet });
	bool is_asked = end.error == 0 && !off && !options.quiet;
	struct run_findings findings =
		run_record_end(&record, end.pid, is_asked ? PATIENCE_MS : 0);
	if (end.error)
		return report_not_run(name, &end);
	if (is_asked && !findings.loaded)
		say("curfew: the library did not load in %s (static, set-uid, or another "
		    "architecture): nothing was bounded there",
		    name);
	if (options.verbose)
		sum_up(name, &findings, end.wait_status);
	if (getpid() == 1 && !options.quiet && stuck_hand_is_left())
		say("curfew: a close of %s is still stuck, and this is process 1 of its "
		    "pid namespace: the namespace ends when that returns",
		    name);
	int status = end.is_cut ? EXIT_KILLED : launch_leave(end.wait_status);
	return status == 0 && options.strict && findings.cut > 0 ? EXIT_CUT : status;
}
