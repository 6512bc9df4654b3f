/* SPDX-License-Identifier: MIT */
/*
 * test_stir.c - the signal that interrupts a sleep is taken for that long, and no longer.
 */
#include "stir.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "unit.h"

static int own(void)
{
	return (int)syscall(SYS_gettid);
}

static void *stir_soon(void *tid)
{
	unit_pass(50);
	cf_stir(*(int *)tid);
	return NULL;
}

static bool is_plain(int signal)
{
	struct sigaction now;

	sigaction(signal, NULL, &now);
	return now.sa_handler == SIG_DFL;
}

static void a_sleep_ends_when_it_is_stirred_and_the_signal_is_given_back(void **state)
{
	pthread_t thread;
	int tid = own();

	(void)state;
	assert_true(cf_stir_begin());
	int signal = cf_stir_signal();
	assert_false(is_plain(signal));
	pthread_create(&thread, NULL, stir_soon, &tid);
	assert_int_equal(nanosleep(&(struct timespec){ 20, 0 }, NULL), -1);
	assert_int_equal(errno, EINTR);
	pthread_join(thread, NULL);
	cf_stir_end();
	assert_true(is_plain(signal));
	assert_int_equal(cf_stir_signal(), 0);
}

static void the_signal_stays_while_another_needs_it(void **state)
{
	(void)state;
	assert_true(cf_stir_begin() && cf_stir_begin());
	int signal = cf_stir_signal();
	cf_stir_end();
	assert_false(is_plain(signal));
	cf_stir_end();
	assert_true(is_plain(signal));
}

static void on_signal(int signal)
{
	(void)signal;
}

static void a_signal_that_the_program_uses_is_not_taken(void **state)
{
	struct sigaction theirs = { .sa_handler = on_signal };

	(void)state;
	sigaction(SIGRTMAX - 1, &theirs, NULL);
	assert_true(cf_stir_begin());
	assert_int_equal(cf_stir_signal(), SIGRTMAX - 2);
	cf_stir_end();
	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
		sigaction(signal, &theirs, NULL);
	assert_false(cf_stir_begin());
	cf_stir(own()); /* nobody is sent anything */
}

static void a_disposition_that_is_no_longer_ours_gets_no_signal(void **state)
{
	(void)state;
	assert_true(cf_stir_begin());
	signal(cf_stir_signal(), SIG_DFL); /* it would end this process */
	cf_stir(own());
	cf_stir_end();
}

static void a_signal_that_still_waits_keeps_its_handler(void **state)
{
	sigset_t set;

	(void)state;
	assert_true(cf_stir_begin());
	int signal = cf_stir_signal();
	sigemptyset(&set);
	sigaddset(&set, signal);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	cf_stir(own());
	cf_stir_end();
	assert_false(is_plain(signal));
	pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* it would end this process */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_sleep_ends_when_it_is_stirred_and_the_signal_is_given_back),
		cmocka_unit_test(the_signal_stays_while_another_needs_it),
		cmocka_unit_test(a_signal_that_the_program_uses_is_not_taken),
		cmocka_unit_test(a_disposition_that_is_no_longer_ours_gets_no_signal),
		cmocka_unit_test(a_signal_that_still_waits_keeps_its_handler),
	};

	return unit_run(tests);
}
