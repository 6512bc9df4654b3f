/* SPDX-License-Identifier: MIT */
/*
 * victim_signal.c - closes files while signals are about.
 *
 *   defaults PATH        every signal SIG_DFL and unblocked, closes (call 0)
 *   group PATH           counts SIGUSR1 (number 0), closes (call 0), step 1; ends when
 *                        the driver says 1
 *   handler PATH PATH    closes the first (call 0); the handler of SIGUSR1, which the
 *                        driver sends meanwhile, closes the second (call 1)
 *   pending PATH         closes (call 0) with a cancellation pending; number 0: the
 *                        thread was cancelled, number 1: the fd is still open
 *   cancelled PATH       is cancelled during its close (call 0); number 0: the thread
 *                        was cancelled afterwards, number 1: the fd is still open
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "victim.h"

static int second;

static int run_defaults(char **arguments)
{
	sigset_t none;

	sigemptyset(&none);
	for (int i = 1; i <= SIGRTMAX; i++)
		signal(i, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	victim_close(0, victim_open(arguments[0], O_RDONLY));
	return victim_leave(VICTIM_STATUS);
}

static void count_signal(int number)
{
	(void)number;
	victim_marks->number[0]++;
}

static int run_group(char **arguments)
{
	signal(SIGUSR1, count_signal);
	victim_close(0, victim_open(arguments[0], O_RDONLY));
	victim_step(1);
	victim_await(1);
	return victim_leave(VICTIM_STATUS);
}

static void close_second(int number)
{
	int error = errno;

	(void)number;
	victim_close(1, second);
	errno = error;
}

static int run_handler(char **arguments)
{
	struct sigaction action = { .sa_handler = close_second }; /* no SA_RESTART */
	int first = victim_open(arguments[0], O_RDONLY);

	second = victim_open(arguments[1], O_RDONLY);
	sigaction(SIGUSR1, &action, NULL);
	victim_close(0, first);
	return victim_leave(VICTIM_STATUS);
}

static void *close_with_pending_cancellation(void *fd)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before);
	victim_close(0, *(int *)fd);
	return NULL;
}

static void *close_and_test(void *fd)
{
	victim_close(0, *(int *)fd);
	pthread_testcancel();
	return NULL;
}

static void join(pthread_t thread, int fd)
{
	void *result;

	victim_need(pthread_join(thread, &result) == 0, "join");
	victim_marks->number[0] = result == PTHREAD_CANCELED;
	victim_marks->number[1] = fcntl(fd, F_GETFD) != -1;
}

static int run_pending(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);
	pthread_t thread;

	pthread_create(&thread, NULL, close_with_pending_cancellation, &fd);
	join(thread, fd);
	victim_step(1);
	victim_await(1); /* the end of a stock process closes the fd, and hangs */
	return victim_leave(VICTIM_STATUS);
}

static int run_cancelled(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);
	pthread_t thread;

	pthread_create(&thread, NULL, close_and_test, &fd);
	victim_await(1);
	pthread_cancel(thread);
	join(thread, fd);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "defaults", run_defaults },	{ "group", run_group },
		{ "handler", run_handler },	{ "pending", run_pending },
		{ "cancelled", run_cancelled }, { NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
