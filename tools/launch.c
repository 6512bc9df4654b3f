/* SPDX-License-Identifier: MIT */
/*
 * launch.c - fork, exec, and the same end.
 *
 * All signals are blocked from launch_hold_signals() on; launch_follow.c takes them one by
 * one. The child puts back what was given to us before it executes the program.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch_follow.h"
#include "launch_witness.h"

#define SIGNAL_STATUS 128 /* what a shell adds to a signal's number */

static sigset_t given_mask;
static struct sigaction given_child_action; /* SIG_IGN would reap the program unseen */

void launch_hold_signals(void)
{
	struct sigaction default_action = { .sa_handler = SIG_DFL };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &given_mask);
	sigaction(SIGCHLD, &default_action, &given_child_action);
}

static void become(char **command, pid_t parent, int report)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		raise(SIGKILL);
	sigaction(SIGCHLD, &given_child_action, NULL);
	sigprocmask(SIG_SETMASK, &given_mask, NULL);
	execvp(command[0], command);
	/* Our end of the pipe is gone only when the exec has worked. */
	if (write(report, &errno, sizeof(errno)) == -1)
		_exit(SIGNAL_STATUS);
	_exit(0);
}

struct launch_end launch(const struct launch_order *order)
{
	struct launch_end end = { .pid = -1 };
	pid_t self = getpid();
	int report[2];

	if (pipe2(report, O_CLOEXEC) == -1) {
		end.error = errno;
		return end;
	}
	launch_witness_post();
	end.pid = fork();
	if (end.pid == 0)
		become(order->command, self, report[1]);
	end.error = end.pid == -1 ? errno : 0;
	close(report[1]);
	if (end.pid != -1) {
		launch_follow(&end, order);
		/* Empty unless the exec failed; never waits, the writer has ended. */
		if (read(report[0], &end.error, sizeof(end.error)) == -1)
			end.error = errno;
	}
	launch_witness_dismiss();
	close(report[0]);
	return end;
}

static void end_by(int signal_number)
{
	struct rlimit no_core = { 0, 0 };
	sigset_t only;

	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_DUMPABLE, 0); /* a core handler behind a pipe ignores the limit */
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	sigemptyset(&only);
	sigaddset(&only, signal_number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}

int launch_leave(int wait_status)
{
	if (WIFEXITED(wait_status))
		return WEXITSTATUS(wait_status);
	end_by(WTERMSIG(wait_status));
	/* Still here: process 1 of a container cannot be ended by its own signal. */
	return SIGNAL_STATUS + WTERMSIG(wait_status);
}
