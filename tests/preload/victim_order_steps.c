/* SPDX-License-Identifier: MIT */
/*
 * victim_order_steps.c - the handlers and destructors of victim_order, which say when they
 * run.
 */
#include "victim_order_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *order_verb;
static long leaver;

static int is_for(const char *verb)
{
	return order_verb && strcmp(order_verb, verb) == 0;
}

static const char *thread_name(void)
{
	return syscall(SYS_gettid) == leaver ? "same thread" : "another thread";
}

void order_say_directly(const char *line)
{
	if (write(STDOUT_FILENO, line, strlen(line)) == -1)
		abort();
}

static void handle_first(void)
{
	printf("registered first, %s\n", thread_name());
}

static void handle_late(void)
{
	printf("registered in a handler\n");
}

static void handle_second(void)
{
	printf("registered second\n");
	atexit(handle_late);
}

static void handle_status(int status, void *argument)
{
	printf("on_exit with %d, %s\n", status, (const char *)argument);
}

void order_register(void)
{
	leaver = syscall(SYS_gettid);
	atexit(handle_first);
	on_exit(handle_status, "argument");
	atexit(handle_second);
}

void order_say_state(const char *where)
{
	int error = errno, fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	printf("%s: errno %d, next number %d, SIGUSR1 %d, SIGTERM %d\n", where, error, fd,
	       sigismember(&mask, SIGUSR1), sigismember(&mask, SIGTERM));
	close(fd);
	errno = error;
}

__attribute__((destructor(65000))) static void end_sooner(void)
{
	if (is_for("state"))
		order_say_state("destructor");
	else if (order_verb)
		printf("destructor of 65000, %s\n", thread_name());
}

__attribute__((destructor(101))) static void end_later(void)
{
	if (order_verb)
		printf("destructor of 101, %s\n", thread_name());
	if (is_for("buffers"))
		order_say_directly("directly, from the last destructor\n");
}
