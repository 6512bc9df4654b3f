/* SPDX-License-Identifier: MIT */
/*
 * launch_witness.c - a child that only blocks signals, read through /proc/PID/status.
 *
 * The order makes it exact: a sender to a group goes through it from the youngest member
 * to the oldest, so the witness has the signal before it wakes us.
 */
#include "launch_witness.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t witness = -1;
static uint64_t told; /* what it has seen and we have asked for: pending for good */

static void stand_by(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "curfew-witness");
	if (getppid() != parent)
		_exit(0);
	closefrom(0); /* a reader of the program's output must get its end of file */
	for (;;)
		pause();
}

static pid_t make_witness(void)
{
	pid_t self = getpid();
	pid_t made = fork();

	if (made == 0)
		stand_by(self);
	return made;
}

static void end_witness(pid_t old)
{
	if (old == -1)
		return;
	kill(old, SIGKILL);
	waitpid(old, NULL, 0);
}

void launch_witness_post(void)
{
	witness = make_witness();
}

/* The signals that are pending for the witness: bit N - 1 is signal N. */
static uint64_t pending(void)
{
	char path[64];
	char line[256];
	uint64_t mask = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)witness);
	FILE *status = witness > 0 ? fopen(path, "re") : NULL;
	while (status && fgets(line, sizeof(line), status)) {
		uint64_t some;

		if (sscanf(line, "SigPnd: %" SCNx64, &some) == 1 ||
		    sscanf(line, "ShdPnd: %" SCNx64, &some) == 1)
			mask |= some;
	}
	if (status)
		fclose(status);
	return mask;
}

bool launch_witness_saw(int signal_number)
{
	uint64_t bit = UINT64_C(1) << (signal_number - 1);
	uint64_t seen = pending() & bit;
	bool saw = (seen & ~told) != 0;

	told |= seen;
	return saw;
}

/* One by one: sigisemptyset() of glibc 2.36 overlooks the real-time signals. */
static bool is_signal_waiting(void)
{
	sigset_t waiting;

	sigpending(&waiting);
	for (int number = 1; number <= SIGRTMAX; number++) {
		if (number != SIGCHLD && sigismember(&waiting, number) == 1)
			return true;
	}
	return false;
}

void launch_witness_renew(void)
{
	/* A burst, such as HUP and CONT, is told by one and the same witness. */
	if (is_signal_waiting() || (witness != -1 && pending() == 0))
		return;
	pid_t fresh = make_witness();
	/* What came in between the old one has seen, the fresh one perhaps not. */
	if (is_signal_waiting()) {
		end_witness(fresh);
		return;
	}
	end_witness(witness);
	witness = fresh;
	told = 0;
}

void launch_witness_gone(pid_t child)
{
	if (child == witness)
		witness = -1;
}

void launch_witness_dismiss(void)
{
	end_witness(witness);
	witness = -1;
}
