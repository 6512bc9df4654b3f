/* SPDX-License-Identifier: MIT */
/*
 * teller.c - a program that tells which signals it gets, one number a line.
 *
 * usage: teller [own-group] [stop]
 *
 * It first writes "ready PID". With `own-group` it moves into a process group of its own
 * and takes the terminal there, as an interactive shell does; with `stop` it stops itself once. SIGTERM ends it with
 * status 7, but only after a pause in which a signal sent twice would show.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_MS 200
#define OWN_END	  7

static volatile sig_atomic_t ended;

static void tell(int number, siginfo_t *info, void *context)
{
	char line[32];
	int length = info->si_code == SI_QUEUE
			     ? snprintf(line, sizeof(line), "%d with %d\n", number,
					info->si_value.sival_int)
			     : snprintf(line, sizeof(line), "%d\n", number);

	(void)context;
	if (write(STDOUT_FILENO, line, (size_t)length) == -1)
		_exit(1);
	if (number == SIGTERM)
		ended = 1;
}

/* A signal that was ignored when we were started stays so: that is what nohup asks. */
static void listen_to(int number)
{
	struct sigaction action = { .sa_sigaction = tell,
				    .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigaction given;

	sigfillset(
		&action.sa_mask); /* one after the other, in the order of their numbers */
	if (sigaction(number, NULL, &given) == 0 && given.sa_handler == SIG_DFL)
		sigaction(number, &action, NULL);
}

static void move_to_own_group(void)
{
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(STDIN_FILENO, getpid());
	signal(SIGTTOU, SIG_DFL);
}

int main(int argc, char **argv)
{
	static const int numbers[] = { SIGTERM, SIGINT,	  SIGHUP,  SIGQUIT, SIGUSR1,
				       SIGUSR2, SIGWINCH, SIGCONT, SIGALRM, 40 };
	bool stop = false;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		listen_to(numbers[i]);
	for (int i = 1; i < argc; i++) {
		stop |= strcmp(argv[i], "stop") == 0;
		if (strcmp(argv[i], "own-group") == 0)
			move_to_own_group();
	}
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	if (stop)
		raise(SIGSTOP);
	while (!ended)
		poll(NULL, 0, 20);
	for (int i = 0; i < LISTEN_MS; i++)
		poll(NULL, 0, 1);
	return OWN_END;
}
