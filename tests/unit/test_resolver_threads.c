/* SPDX-License-Identifier: MIT */
/*
 * test_resolver_threads.c - resolver.h once more: which threads are known, from their
 * making to their end, and those that are held up at the wrong moment.
 */
#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "resolving.h"
#include "unit.h"

#define SOON (5000 * CF_MS)

static int owner; /* its address is a handle */
static char name[64];
static cf_instant born;

static int given_a_shut_gate(void **state)
{
	(void)state;
	resolving_begin();
	return 0;
}

static void an_unknown_thread_is_not_waited_for(void **state)
{
	(void)state;
	born = 4711;
	assert_true(cf_resolver_await(pthread_self(), CF_NEVER, &born));
	assert_int_equal(born, 4711);
	assert_false(cf_resolver_cancel(pthread_self(), true, name, sizeof(name)));
	assert_string_equal(name, "");
}

static void a_wait_for_a_thread_is_no_longer_than_it_may_be(void **state)
{
	struct resolving resolving = { .start = NULL };
	cf_instant before = cf_clock_now();

	(void)state;
	resolving_hang(&resolving, "host.example", NULL);
	cf_instant began = cf_clock_now();
	assert_false(cf_resolver_await(resolving.thread, 30 * CF_MS, &born));
	unit_assert_took(cf_clock_now() - began, 30, 30);
	assert_true(born >= before && born <= began);
	assert_false(cf_resolver_await(resolving.thread, 0, &born));
	resolving_let_go(1);
	pthread_join(resolving.thread, NULL);
	resolving_real.release(resolving.list);
}

static void a_wait_for_a_thread_is_over_when_its_function_is(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_hang(&resolving, "late.missing", NULL);
	resolving_let_go(1);
	cf_instant began = cf_clock_now();
	assert_true(cf_resolver_await(resolving.thread, 20000 * CF_MS, &born));
	unit_assert_took(cf_clock_now() - began, 0, 0);
	pthread_join(resolving.thread, NULL);
}

static void *leave_early(void *value)
{
	pthread_exit(value);
}

static void *wait_for_ever(void *gate)
{
	char byte;

	read(((struct gate *)gate)->fd, &byte, 1); /* a cancellation point */
	return NULL;
}

static void assert_forgotten(pthread_t thread)
{
	assert_true(cf_resolver_await(thread, CF_NEVER, &born));
	assert_false(cf_resolver_cancel(thread, true, name, sizeof(name)));
	assert_false(cf_resolver_cancel_owned(&owner, name, sizeof(name)));
}

static void a_thread_that_ends_by_pthread_exit_is_forgotten(void **state)
{
	pthread_t thread;
	void *value = NULL;

	(void)state;
	assert_int_equal(cf_resolver_create(&resolving_real, &thread, NULL, leave_early,
					    &owner, &owner),
			 0);
	assert_int_equal(pthread_join(thread, &value), 0);
	assert_ptr_equal(value, &owner);
	assert_forgotten(thread);
}

static void a_thread_that_ends_by_pthread_cancel_is_forgotten(void **state)
{
	struct gate gate = gate_shut();
	pthread_t thread;
	void *value = NULL;

	(void)state;
	assert_int_equal(cf_resolver_create(&resolving_real, &thread, NULL, wait_for_ever,
					    &gate, &owner),
			 0);
	assert_false(cf_resolver_await(thread, 0, &born));
	assert_int_equal(pthread_cancel(thread), 0);
	assert_true(cf_resolver_await(thread, SOON, &born));
	assert_int_equal(pthread_join(thread, &value), 0);
	assert_ptr_equal(value, PTHREAD_CANCELED);
	assert_forgotten(thread);
}

static void a_later_thread_of_the_same_pthread_t_is_not_mistaken(void **state)
{
	struct gate gate = gate_shut(), start = gate_shut();
	struct resolving first = { .start = &start }, second = { .start = NULL };
	pthread_t stranger;

	(void)state;
	resolving_start(&first, "now.example", &owner);
	assert_true(cf_resolver_cancel(first.thread, true, name, sizeof(name)));
	gate_open(&start, 1);
	pthread_join(first.thread, NULL);
	assert_int_equal(pthread_create(&stranger, NULL, wait_for_ever, &gate), 0);
	if (!pthread_equal(stranger, first.thread))
		unit_skip("this libc does not give a pthread_t again");
	assert_forgotten(stranger);
	gate_open(&gate, 1);
	pthread_join(stranger, NULL);
	resolving_start(&second, "now.example", &owner);
	pthread_join(second.thread, NULL);
	assert_int_equal(second.result, 0); /* that it was cancelled is of the first */
	resolving_real.release(second.list);
}

static void *make_none_and_resolve(void *data)
{
	struct resolving *resolving = data;
	pthread_t none;

	resolving_refused = 1;
	if (cf_resolver_create(&resolving_real, &none, NULL, leave_early, NULL, NULL) !=
	    EAGAIN)
		return NULL;
	cf_resolver_resolve(&resolving_real, "missing.example", "80", NULL,
			    &resolving->list);
	return resolving;
}

static void a_thread_of_libcurls_that_cannot_make_another_stays_one(void **state)
{
	struct resolving resolving = { .start = NULL };
	void *value = NULL;

	(void)state;
	assert_int_equal(cf_resolver_create(&resolving_real, &resolving.thread, NULL,
					    make_none_and_resolve, &resolving, NULL),
			 0);
	assert_int_equal(pthread_join(resolving.thread, &value), 0);
	assert_ptr_equal(value, &resolving);
	assert_false(pthread_equal(resolving_seen.thread, resolving.thread));
}

static sem_t held; /* the handler is left when this is posted */
static _Atomic int is_held;

static void hold(int number)
{
	(void)number;
	is_held = 1;
	while (sem_wait(&held) == -1 && errno == EINTR)
		;
}

/* A thread of libcurl's that was cancelled, but could not run since: meanwhile its
   resolve has come to its end. False where a handler cannot hold a thread up. */
static bool cancel_while_held(struct resolving *resolving)
{
	const struct sigaction action = { .sa_handler = hold };

	sem_init(&held, 0, 0);
	sigaction(SIGUSR1, &action, NULL);
	resolving_hang(resolving, "host.example", &owner);
	pthread_kill(resolving->thread, SIGUSR1);
	if (!resolving_comes_to(&is_held, 1))
		return false; /* a sanitizer keeps the signal for later */
	assert_true(cf_resolver_cancel(resolving->thread, true, name, sizeof(name)));
	resolving_let_go(1);
	assert_true(resolving_comes_to(&resolving_seen.released, 1));
	unit_pass(20); /* for the end of the thread that has released it */
	return true;
}

static void a_cancelled_thread_that_is_late_to_wake_ends_its_wait(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	if (!cancel_while_held(&resolving))
		unit_skip("no handler runs while a thread waits");
	sem_post(&held);
	assert_true(cf_resolver_await(resolving.thread, SOON, &born));
	pthread_join(resolving.thread, NULL);
	assert_int_equal(resolving.result, EAI_AGAIN);
}

static void a_second_cancel_does_not_touch_a_resolve_that_is_over(void **state)
{
	struct resolving resolving = { .start = NULL }, later[3] = { resolving };

	(void)state;
	if (!cancel_while_held(&resolving))
		unit_skip("no handler runs while a thread waits");
	assert_true(cf_resolver_cancel(resolving.thread, true, name, sizeof(name)));
	sem_post(&held);
	assert_true(cf_resolver_await(resolving.thread, SOON, &born));
	pthread_join(resolving.thread, NULL);
	assert_int_equal(resolving.result, EAI_AGAIN);
	for (int i = 0; i < 3; i++) /* from the memory of the first */
		resolving_hang(&later[i], "late.missing", NULL);
	resolving_let_go(3);
	for (int i = 0; i < 3; i++) {
		pthread_join(later[i].thread, NULL);
		assert_int_equal(later[i].result, EAI_SYSTEM);
	}
}

#define THREAD_TEST(function) cmocka_unit_test_setup(function, given_a_shut_gate)

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREAD_TEST(an_unknown_thread_is_not_waited_for),
		THREAD_TEST(a_wait_for_a_thread_is_no_longer_than_it_may_be),
		THREAD_TEST(a_wait_for_a_thread_is_over_when_its_function_is),
		THREAD_TEST(a_thread_that_ends_by_pthread_exit_is_forgotten),
		THREAD_TEST(a_thread_that_ends_by_pthread_cancel_is_forgotten),
		THREAD_TEST(a_later_thread_of_the_same_pthread_t_is_not_mistaken),
		THREAD_TEST(a_thread_of_libcurls_that_cannot_make_another_stays_one),
		THREAD_TEST(a_cancelled_thread_that_is_late_to_wake_ends_its_wait),
		THREAD_TEST(a_second_cancel_does_not_touch_a_resolve_that_is_over),
	};

	return unit_run(tests);
}
