/* SPDX-License-Identifier: MIT */
/*
 * victim_child.c - closes files around children of its own.
 *
 *   vfork PATH   a vfork child closes the file (call 0) and ends with 5; then the
 *                parent closes its own (call 1)
 *   fork PATH    the same with fork
 *   forked_late PATH PATH   closes the first (call 0), then as fork (call 2 in the child)
 *   spawn PATH   closes (call 0); then posix_spawn, vfork and fork of `nothing`,
 *                each with its wait (calls 1, 2, 3: the wait status)
 *   nothing      returns 0
 *   waits PATH   closes (call 0); wait without children (call 1), waitpid of any with
 *                __WALL (call 2), fork and wait of one with status 3 (call 3)
 *
 * Numbers: 0 the wait status of the child, 1 whether the parent's fd was still open
 * after it, 2 the child's pid, 3 how many SIGCHLD came, 4 the errno of call 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "victim.h"

#define CHILD_STATUS 5

extern char **environ;

static void await_child(pid_t child, int fd)
{
	int status = -1;

	victim_need(child != -1 && waitpid(child, &status, 0) == child, "wait");
	victim_marks->number[0] = status;
	victim_marks->number[1] = fcntl(fd, F_GETFD) != -1;
	victim_marks->number[2] = child;
	victim_close(1, fd);
}

/* The child of a vfork shares our memory: nothing but calls and marks in it. */
static int run_vfork(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);
	pid_t child = vfork();

	if (child == 0) {
		victim_close(0, fd);
		_exit(CHILD_STATUS);
	}
	await_child(child, fd);
	return victim_leave(VICTIM_STATUS);
}

static int fork_and_close(const char *path, int child_slot)
{
	int fd = victim_open(path, O_RDONLY);
	pid_t child = fork();

	if (child == 0) {
		victim_close(child_slot, fd);
		_exit(CHILD_STATUS);
	}
	await_child(child, fd);
	return victim_leave(VICTIM_STATUS);
}

static int run_fork(char **arguments)
{
	return fork_and_close(arguments[0], 0);
}

static int run_forked_late(char **arguments)
{
	victim_close(0, victim_open(arguments[0], O_RDONLY));
	return fork_and_close(arguments[1], 2);
}

static void end_call(int slot, pid_t child)
{
	int status = -1;

	victim_need(child != -1 && waitpid(child, &status, 0) == child, "wait");
	victim_end(slot, status);
}

static int run_spawn(char **arguments)
{
	char *nothing[] = { "victim_child", "nothing", NULL };
	pid_t child;

	victim_close(0, victim_open(arguments[0], O_RDONLY));
	victim_begin(1);
	victim_need(posix_spawn(&child, "/proc/self/exe", NULL, NULL, nothing, environ) ==
			    0,
		    "posix_spawn");
	end_call(1, child);
	victim_begin(2);
	child = vfork();
	if (child == 0) {
		execv("/proc/self/exe", nothing);
		_exit(127);
	}
	end_call(2, child);
	victim_begin(3);
	child = fork();
	if (child == 0) {
		execv("/proc/self/exe", nothing);
		_exit(127);
	}
	end_call(3, child);
	return victim_leave(VICTIM_STATUS);
}

static int run_nothing(char **arguments)
{
	(void)arguments;
	return 0;
}

static void count_child(int signal_number)
{
	(void)signal_number;
	victim_marks->number[3]++;
}

static int run_waits(char **arguments)
{
	int status;

	signal(SIGCHLD, count_child);
	victim_close(0, victim_open(arguments[0], O_RDONLY));
	victim_begin(1);
	victim_end(1, wait(NULL));
	victim_marks->number[4] = victim_marks->call[1].error;
	victim_begin(2);
	victim_end(2, waitpid(-1, &status, __WALL | WNOHANG));
	victim_begin(3);
	pid_t child = fork();
	if (child == 0)
		_exit(3);
	victim_need(waitpid(-1, &status, 0) == child, "wait for any child");
	victim_end(3, status);
	victim_step(1);
	victim_await(1); /* the server recovers: does the end of a hand show? */
	victim_begin(4);
	victim_end(4, waitpid(-1, &status, WNOHANG));
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "vfork", run_vfork },
						    { "fork", run_fork },
						    { "forked_late", run_forked_late },
						    { "spawn", run_spawn },
						    { "nothing", run_nothing },
						    { "waits", run_waits },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
