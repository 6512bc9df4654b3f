/* SPDX-License-Identifier: MIT */
/*
 * launch_follow.c - one loop: take a signal, pass it on, or look at the children.
 *
 * What went to the whole process group has reached the program already, and once more
 * would be once too often: a second ^C means something else to many. A terminal always
 * signals the group. With kill(2) it may be either: launch_witness.h tells which.
 */
#include "launch_follow.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "launch_ending.h"
#include "launch_witness.h"

/* Signals that the kernel itself sends to a group; all others of its own, such as that of
   alarm(2), are for one process. */
static bool from_terminal(const siginfo_t *info)
{
	if (info->si_code != SI_KERNEL)
		return false;
	switch (info->si_signo) {
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGWINCH:
		return true;
	case SIGHUP:
	case SIGCONT:
		/* A terminal that hangs up tells the leader of the session alone. */
		return getsid(0) != getpid();
	default:
		return false;
	}
}

static void pass_on(const siginfo_t *info, pid_t program)
{
	bool to_group = launch_witness_saw(info->si_signo) || from_terminal(info);

	/* A program that has left our group (an interactive shell does) got nothing. */
	if (to_group && getpgid(program) == getpgrp())
		return;
	if (info->si_code == SI_QUEUE)
		sigqueue(program, info->si_signo, info->si_value);
	else
		kill(program, info->si_signo);
}

/* The process group that has our terminal, -1 without a terminal. */
static pid_t foreground_group(void)
{
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	pid_t group = terminal == -1 ? -1 : tcgetpgrp(terminal);

	if (terminal != -1)
		close(terminal);
	return group;
}

static void bring_to_foreground(pid_t group)
{
	int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (terminal == -1)
		return;
	tcsetpgrp(terminal, group);
	close(terminal);
}

/* Returns when somebody has continued us. */
static void stop_by(int signal_number, pid_t program)
{
	pid_t group = getpgid(program);
	bool has_terminal = group != getpgrp() && foreground_group() == group;
	sigset_t only;

	signal(signal_number, SIG_DFL);
	raise(signal_number);
	sigemptyset(&only);
	sigaddset(&only, signal_number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	sigprocmask(SIG_BLOCK, &only, NULL);
	/* A shell brings our group to the foreground, not the one that was there. */
	if (has_terminal && foreground_group() == getpgrp())
		bring_to_foreground(group);
}

/* Look at every child that has ended or stopped. True when the program has ended. */
static bool look_at_children(pid_t program, int *wait_status)
{
	int stopped_by = 0;
	int status;
	pid_t child;

	while ((child = waitpid(-1, &status, WUNTRACED | WNOHANG)) > 0) {
		if (child != program) {
			launch_witness_gone(child);
		} else if (WIFSTOPPED(status)) {
			stopped_by = WSTOPSIG(status);
		} else {
			*wait_status = status;
			return true;
		}
	}
	if (stopped_by)
		stop_by(stopped_by, program);
	return false;
}

static int take_signal(siginfo_t *info, int64_t length_ns)
{
	const struct timespec length = { (time_t)(length_ns / (1000 * CF_MS)),
					 (long)(length_ns % (1000 * CF_MS)) };
	sigset_t all;

	sigfillset(&all);
	return length_ns == CF_NEVER ? sigwaitinfo(&all, info)
				     : sigtimedwait(&all, info, &length);
}

void launch_follow(struct launch_end *end, const struct launch_order *order)
{
	struct launch_ending ending;

	launch_ending_begin(&ending, order, end->pid);
	for (;;) {
		siginfo_t info;
		int64_t length_ns = launch_ending_wait_ns(&ending);
		cf_instant start = cf_clock_now();
		int taken = take_signal(&info, length_ns);

		if (taken == SIGCHLD && look_at_children(end->pid, &end->wait_status))
			break;
		launch_ending_pass(&ending, cf_clock_now() - start, length_ns);
		if (taken == -1)
			continue;
		if (taken != SIGCHLD) {
			pass_on(&info, end->pid);
			launch_ending_hear(&ending, taken);
		}
		launch_witness_renew();
	}
	end->is_cut = ending.is_cut;
}
