/* SPDX-License-Identifier: MIT */
/*
 * test_asleep.c - what a thread sleeps in, and whether a signal may end that. The thread
 * is there for as long as its test; the process of the test ends with it inside.
 */
#include "asleep.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "futex.h"
#include "unit.h"

#define SOON 5000

static _Atomic int tid;
static _Atomic int never;
static int ends[2];
static const char *fifo;
static char byte;

static void *sleep_there(void *unused)
{
	tid = (int)syscall(SYS_gettid);
	nanosleep(&(struct timespec){ 1000, 0 }, NULL);
	return unused;
}

static void *read_there(void *unused)
{
	tid = (int)syscall(SYS_gettid);
	return read(ends[0], &byte, 1) == 1 ? &byte : unused;
}

static void *open_there(void *unused)
{
	tid = (int)syscall(SYS_gettid);
	return open(fifo, O_WRONLY) == -1 ? unused : &byte;
}

static void *wait_there(void *unused)
{
	tid = (int)syscall(SYS_gettid);
	cf_futex_wait(&never, 0, CF_NEVER);
	return unused;
}

static void *run_there(void *unused)
{
	tid = (int)syscall(SYS_gettid);
	while (!never)
		;
	return unused;
}

static bool is_asleep(void *unused)
{
	(void)unused;
	return tid != 0 && cf_asleep_look(tid).number != -1;
}

static struct cf_asleep given_a_thread_that(void *(*run)(void *))
{
	pthread_t thread;

	tid = 0;
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
	assert_int_equal(pthread_detach(thread), 0);
	assert_true(unit_await(is_asleep, NULL, SOON));
	unit_pass(20); /* it may have been on its way */
	return cf_asleep_look(tid);
}

static void assert_is(const struct cf_asleep *asleep, const char *call,
		      bool may_be_stirred)
{
	if (strncmp(asleep->place, call, strlen(call)) != 0)
		fail_msg("in %s, not in %s", asleep->place, call);
	assert_int_equal(asleep->may_be_stirred, may_be_stirred);
	assert_false(asleep->is_gone);
	assert_true(asleep->stack != 0);
}

static void a_sleep_may_be_stirred(void **state)
{
	(void)state;
	struct cf_asleep asleep = given_a_thread_that(sleep_there);
	assert_is(&asleep, "clock_nanosleep", true);
}

static void a_read_of_a_pipe_or_socket_may_be_stirred(void **state)
{
	(void)state;
	assert_int_equal(pipe(ends), 0);
	struct cf_asleep asleep = given_a_thread_that(read_there);
	assert_is(&asleep, "read", true);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	asleep = given_a_thread_that(read_there);
	assert_is(&asleep, "read", true);
}

static void the_opening_of_a_fifo_may_be_stirred(void **state)
{
	(void)state;
	fifo = unit_path("fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	struct cf_asleep asleep = given_a_thread_that(open_there);
	assert_is(&asleep, "openat", true);
	/* The other end, so that the directory can go. */
	assert_true(open(fifo, O_RDONLY | O_NONBLOCK) != -1);
}

static void a_wait_for_a_word_is_left_alone(void **state)
{
	(void)state;
	struct cf_asleep asleep = given_a_thread_that(wait_there);
	assert_is(&asleep, "futex", false);
}

static void a_thread_that_runs_is_in_no_call(void **state)
{
	pthread_t thread;

	(void)state;
	tid = 0;
	assert_int_equal(pthread_create(&thread, NULL, run_there, NULL), 0);
	while (tid == 0)
		;
	struct cf_asleep asleep = cf_asleep_look(tid);
	assert_int_equal(asleep.number, -1);
	assert_false(asleep.may_be_stirred || asleep.is_gone);
	never = 1;
	pthread_join(thread, NULL);
}

static bool is_gone(void *unused)
{
	(void)unused;
	return cf_asleep_look(tid).is_gone;
}

static void a_thread_that_has_ended_is_gone(void **state)
{
	pthread_t thread;

	(void)state;
	never = 1;
	assert_int_equal(pthread_create(&thread, NULL, run_there, NULL), 0);
	pthread_join(thread, NULL);
	assert_true(unit_await(is_gone, NULL, SOON));
}

static void a_blocked_signal_is_known(void **state)
{
	sigset_t set;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMAX - 1);
	assert_false(cf_asleep_is_deaf((int)getpid(), SIGRTMAX - 1));
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	assert_true(cf_asleep_is_deaf((int)getpid(), SIGRTMAX - 1));
	assert_false(cf_asleep_is_deaf((int)getpid(), SIGRTMAX - 2));
	assert_true(cf_asleep_is_deaf(0x7fffffff, SIGRTMAX - 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sleep_may_be_stirred),
		cmocka_unit_test(a_read_of_a_pipe_or_socket_may_be_stirred),
		cmocka_unit_test(the_opening_of_a_fifo_may_be_stirred),
		cmocka_unit_test(a_wait_for_a_word_is_left_alone),
		cmocka_unit_test(a_thread_that_runs_is_in_no_call),
		cmocka_unit_test(a_thread_that_has_ended_is_gone),
		cmocka_unit_test(a_blocked_signal_is_known),
	};

	return unit_run(tests);
}
