/* SPDX-License-Identifier: MIT */
/*
 * victim_holder.c - holds what others wait for (its stdout, a lock, a port, a pipe),
 * closes a file (call 0), and then leaves in one of three ways.
 *
 *   exit KIND PATH LOCK FIFO     returns 7 from main
 *   killed KIND PATH LOCK FIFO   step 1, then sleeps until it is killed
 *   exec KIND PATH LOCK FIFO     executes `resumed`; the lock, the port and the pipe
 *                                are close-on-exec, stdout is not
 *   headless KIND PATH LOCK FIFO its main leaves by pthread_exit(), the rest is done by a
 *                                thread, which after 1 s says "still here" and returns 7
 *   resumed                      step 2, sleeps until the driver says 2, returns 8
 *
 * With one more argument that file is opened first of all, and left open.
 * KIND is `read` or `written`. Number 0 is the port.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"
#include "victim_holdings.h"

#define HEADLESS_US 1000000

static int open_file(const char *kind, const char *path)
{
	static const char text[] = "written\n";

	if (strcmp(kind, "written") != 0)
		return victim_open(path, O_RDONLY);
	int fd = victim_open(path, O_RDWR | O_CREAT);
	victim_need(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write");
	return fd;
}

static void hold_and_close(char **arguments)
{
	if (arguments[4])
		victim_open(arguments[4], O_RDONLY | O_CLOEXEC);
	holdings_take(arguments[2], arguments[3]);
	victim_close(0, open_file(arguments[0], arguments[1]));
}

static int run_exit(char **arguments)
{
	hold_and_close(arguments);
	return victim_leave(VICTIM_STATUS);
}

static int run_killed(char **arguments)
{
	hold_and_close(arguments);
	victim_step(1);
	victim_await(INT_MAX);
	return 0;
}

static int run_exec(char **arguments)
{
	hold_and_close(arguments);
	victim_leave(0);
	execl("/proc/self/exe", "victim_holder", "resumed", (char *)NULL);
	victim_need(0, "exec");
	return 0;
}

static void *go_on_headless(void *argument)
{
	usleep(HEADLESS_US); /* main is gone */
	hold_and_close(argument);
	usleep(HEADLESS_US);
	victim_need(write(STDOUT_FILENO, "still here\n", 11) == 11, "write to stdout");
	exit(victim_leave(VICTIM_STATUS));
}

static int run_headless(char **arguments)
{
	pthread_t thread;

	victim_need(pthread_create(&thread, NULL, go_on_headless, arguments) == 0,
		    "thread");
	pthread_exit(NULL);
}

static int run_resumed(char **arguments)
{
	(void)arguments;
	victim_step(2);
	victim_await(2);
	return victim_leave(VICTIM_STATUS + 1);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "exit", run_exit },	    { "killed", run_killed },
		{ "exec", run_exec },	    { "headless", run_headless },
		{ "resumed", run_resumed }, { NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
