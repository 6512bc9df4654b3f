/* SPDX-License-Identifier: MIT */
/*
 * victim_ending.c - has "healthy\n" in the buffer of a FILE on a local disk, and something
 * in its end that never comes back. Ends with status 7 where nothing else is said.
 *
 *   pauses PATH       an exit handler that pauses for ever
 *   sleeps PATH       ... that sleeps once, for more than a day
 *   spins PATH        ... that computes for ever
 *   destructor PATH   a destructor that sleeps
 *   static PATH       a destructor of C++ that joins a thread without end
 *   mutex PATH        a destructor that wants the mutex of a thread that is gone
 *   pipe PATH         "tail\n" in the buffer of stdout, a full pipe that nobody reads
 *   joins PATH        an exit handler that joins a thread that polls for ever
 *   second PATH       exit() in a second thread, whose handler wants the mutex of main
 *   orphan PATH       exit() in a second thread when main is gone, and a handler that pauses
 *   masked PATH       as joins, with every signal blocked in every thread
 *   quick PATH        a handler of quick_exit() that pauses
 *   big PATH          as pauses, with 16 MB 'x' in the buffer of a FILE for PATH-big
 *   err PATH          as pauses, by err(3), after a line of its own on stderr
 *   error PATH        ... by error(3)
 *   argp PATH         ... by an option that argp(3) does not know
 *   last PATH         the last thread ends when main is gone, with status 0, and a handler
 *                     that pauses
 *   child PATH        a forked child with status 5 pauses in its handler; the parent waits
 *                     for it (call 0: the status); number 0 is the pid of the child
 *   again PATH        a handler calls exit(9), and the next one sleeps
 *   slow PATH         nothing of the kind: a handler and a destructor take 450 ms each and
 *                     say in which thread they are
 */
#include "victim_ending.h"

#include <argp.h>
#include <err.h>
#include <error.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

#define FOREVER_S    100000
#define CHILD_STATUS 5
#define OTHER_STATUS 9
#define SLOW_NS	     450000000
#define FULL_BYTES   4096
#define ORPHAN_US    200000
#define BIG_BYTES    ((size_t)16 << 20)
#define PAGE	     4096 /* more room than bytes: stdio keeps them */

static void (*at_the_end)(void); /* what the destructor does */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_t endless;
static long leaver; /* the thread that leaves */

static void pause_for_ever(void)
{
	for (;;)
		pause();
}

static void sleep_long(void)
{
	sleep(FOREVER_S);
}

static void compute_for_ever(void)
{
	for (volatile unsigned i = 0;; i++)
		;
}

static void want_the_mutex(void)
{
	pthread_mutex_lock(&mutex);
}

static void join_endless(void)
{
	pthread_join(endless, NULL);
}

static void end_otherwise(void)
{
	exit(OTHER_STATUS);
}

static void take_a_while(const char *who)
{
	nanosleep(&(struct timespec){ 0, SLOW_NS }, NULL);
	printf("%s, %s\n", who,
	       syscall(SYS_gettid) == leaver ? "same thread" : "another thread");
}

static void handle_slowly(void)
{
	take_a_while("handler");
}

static void destroy_slowly(void)
{
	take_a_while("destructor");
}

__attribute__((destructor)) static void end(void)
{
	if (at_the_end)
		at_the_end();
}

static void write_healthy(const char *path)
{
	FILE *healthy = fopen(path, "w");

	victim_need(healthy && fputs("healthy\n", healthy) != EOF, path);
}

static int leave_with(const char *path, void (*handler)(void))
{
	write_healthy(path);
	atexit(handler);
	return victim_leave(VICTIM_STATUS);
}

static int run_pauses(char **arguments)
{
	return leave_with(arguments[0], pause_for_ever);
}

static int run_sleeps(char **arguments)
{
	return leave_with(arguments[0], sleep_long);
}

static int run_spins(char **arguments)
{
	return leave_with(arguments[0], compute_for_ever);
}

static int run_destructor(char **arguments)
{
	write_healthy(arguments[0]);
	at_the_end = sleep_long;
	return victim_leave(VICTIM_STATUS);
}

static int run_static(char **arguments)
{
	write_healthy(arguments[0]);
	ending_construct_joiner();
	return victim_leave(VICTIM_STATUS);
}

static void *lock_and_go(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&mutex);
	return NULL;
}

static pthread_t start_thread(void *(*run)(void *))
{
	pthread_t thread;

	victim_need(pthread_create(&thread, NULL, run, NULL) == 0, "thread");
	return thread;
}

static int run_mutex(char **arguments)
{
	write_healthy(arguments[0]);
	pthread_join(start_thread(lock_and_go), NULL);
	at_the_end = want_the_mutex;
	return victim_leave(VICTIM_STATUS);
}

static int run_pipe(char **arguments)
{
	static const char full[FULL_BYTES];
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	write_healthy(arguments[0]);
	printf("tail\n");
	fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
	while (write(STDOUT_FILENO, full, sizeof(full)) > 0)
		;
	fcntl(STDOUT_FILENO, F_SETFL, flags);
	return victim_leave(VICTIM_STATUS);
}

static void *poll_for_ever(void *unused)
{
	for (;;)
		poll(NULL, 0, -1);
	return unused;
}

static int run_joins(char **arguments)
{
	endless = start_thread(poll_for_ever);
	return leave_with(arguments[0], join_endless);
}

static void *exit_there(void *unused)
{
	(void)unused;
	exit(victim_leave(VICTIM_STATUS));
}

static int run_second(char **arguments)
{
	write_healthy(arguments[0]);
	atexit(want_the_mutex);
	pthread_mutex_lock(&mutex);
	start_thread(exit_there);
	pause_for_ever();
	return 0;
}

static void *exit_as_orphan(void *unused)
{
	usleep(ORPHAN_US);
	return exit_there(unused);
}

static int run_orphan(char **arguments)
{
	write_healthy(arguments[0]);
	atexit(pause_for_ever);
	start_thread(exit_as_orphan);
	pthread_exit(NULL);
}

static int run_masked(char **arguments)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return run_joins(arguments);
}

static int run_quick(char **arguments)
{
	write_healthy(arguments[0]);
	at_quick_exit(pause_for_ever);
	quick_exit(victim_leave(VICTIM_STATUS));
}

static int run_big(char **arguments)
{
	char path[256], *buffer = malloc(BIG_BYTES + PAGE), *bytes = malloc(BIG_BYTES);

	snprintf(path, sizeof(path), "%s-big", arguments[0]);
	FILE *stream = fopen(path, "w");
	victim_need(stream && buffer && bytes, path);
	memset(bytes, 'x', BIG_BYTES);
	setvbuf(stream, buffer, _IOFBF, BIG_BYTES + PAGE);
	victim_need(fwrite(bytes, 1, BIG_BYTES, stream) == BIG_BYTES, path);
	return leave_with(arguments[0], pause_for_ever);
}

static int run_err(char **arguments)
{
	errx(leave_with(arguments[0], pause_for_ever), "as it should");
}

static int run_error(char **arguments)
{
	error(leave_with(arguments[0], pause_for_ever), 0, "as it should");
	return 0;
}

static int run_argp(char **arguments)
{
	static char name[] = "victim_ending", option[] = "--unknown";
	static const struct argp none = { 0 };
	char *words[] = { name, option, NULL };

	argp_err_exit_status = leave_with(arguments[0], pause_for_ever);
	argp_parse(&none, 2, words, 0, NULL, NULL);
	return 0;
}

static void *end_last(void *unused)
{
	usleep(ORPHAN_US);
	victim_leave(0);
	return unused;
}

static int run_last(char **arguments)
{
	write_healthy(arguments[0]);
	atexit(pause_for_ever);
	start_thread(end_last);
	pthread_exit(NULL);
}

static int run_child(char **arguments)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		leave_with(arguments[0], pause_for_ever);
		exit(CHILD_STATUS);
	}
	victim_marks->number[0] = child;
	victim_begin(0);
	victim_need(waitpid(child, &status, 0) == child, "wait");
	victim_end(0, status);
	return VICTIM_STATUS;
}

static int run_again(char **arguments)
{
	atexit(sleep_long);
	return leave_with(arguments[0], end_otherwise);
}

static int run_slow(char **arguments)
{
	leaver = syscall(SYS_gettid);
	at_the_end = destroy_slowly;
	return leave_with(arguments[0], handle_slowly);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "pauses", run_pauses },
						    { "sleeps", run_sleeps },
						    { "spins", run_spins },
						    { "destructor", run_destructor },
						    { "static", run_static },
						    { "mutex", run_mutex },
						    { "pipe", run_pipe },
						    { "joins", run_joins },
						    { "second", run_second },
						    { "masked", run_masked },
						    { "quick", run_quick },
						    { "child", run_child },
						    { "again", run_again },
						    { "orphan", run_orphan },
						    { "big", run_big },
						    { "err", run_err },
						    { "error", run_error },
						    { "argp", run_argp },
						    { "last", run_last },
						    { "slow", run_slow },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
