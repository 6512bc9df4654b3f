/* SPDX-License-Identifier: MIT */
/*
 * victim_privilege.c - a program that begins as root and changes who it is.
 *
 *   drop PATH PATH      closes the first (call 0), step 1; when the driver says 1:
 *                       setresuid to 65534 (call 1), closes the second (call 2)
 *   threaded PATH PATH  the same with a second thread that sleeps
 *   setuid_program PATH PROGRAM      drops, closes (call 0), executes PROGRAM
 *   setuid_program_late PATH PROGRAM closes (call 0), drops, executes PROGRAM
 *
 * Number 0 is the effective uid at the end.
 */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "victim.h"

#define NOBODY 65534

static int run_drop(char **arguments)
{
	int first = victim_open(arguments[0], O_RDONLY);
	int second = victim_open(arguments[1], O_RDONLY);

	victim_close(0, first);
	victim_step(1);
	victim_await(1);
	victim_begin(1);
	victim_end(1, setresuid(NOBODY, NOBODY, NOBODY));
	victim_close(2, second);
	victim_marks->number[0] = geteuid();
	return victim_leave(VICTIM_STATUS);
}

static void *sleep_on(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static int run_threaded(char **arguments)
{
	pthread_t thread;

	victim_need(pthread_create(&thread, NULL, sleep_on, NULL) == 0, "thread");
	return run_drop(arguments);
}

static int execute(const char *program)
{
	victim_leave(0);
	execl(program, program, (char *)NULL);
	victim_need(0, program);
	return 0;
}

static int run_setuid_program(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);

	victim_need(setresuid(NOBODY, NOBODY, NOBODY) == 0, "setresuid");
	victim_close(0, fd);
	return execute(arguments[1]);
}

static int run_setuid_program_late(char **arguments)
{
	victim_close(0, victim_open(arguments[0], O_RDONLY));
	victim_need(setresuid(NOBODY, NOBODY, NOBODY) == 0, "setresuid");
	return execute(arguments[1]);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "drop", run_drop },
		{ "threaded", run_threaded },
		{ "setuid_program", run_setuid_program },
		{ "setuid_program_late", run_setuid_program_late },
		{ NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
