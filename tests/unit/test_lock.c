/* SPDX-License-Identifier: MIT */
/*
 * test_lock.c - short locks that never wait for ever.
 */
#include <pthread.h>
#include <signal.h>

#include "clock.h"
#include "lock.h"
#include "unit.h"

#define ROUNDS 100000

static struct cf_lock lock, other;
static int counter; /* guarded by `lock` */

static void a_taken_lock_is_held_until_it_is_released(void **state)
{
	(void)state;
	assert_false(cf_lock_is_held());
	assert_true(cf_lock_take(&lock));
	assert_true(cf_lock_is_held());
	cf_lock_release(&lock);
	assert_false(cf_lock_is_held());
	assert_true(cf_lock_take(&lock));
	cf_lock_release(&lock);
}

static void law_2_a_thread_never_holds_two_locks(void **state)
{
	(void)state;
	assert_true(cf_lock_take(&lock));
	cf_instant began = cf_clock_now();
	assert_false(cf_lock_take(&lock));
	assert_false(cf_lock_take(&other));
	assert_true(cf_clock_now() - began < 90 * CF_MS); /* refused, not waited for */
	assert_true(cf_lock_is_held());
	cf_lock_release(&lock);
	assert_true(cf_lock_take(&other));
	cf_lock_release(&other);
}

static volatile sig_atomic_t handler_took, handler_saw_held;

static void take_in_handler(int number)
{
	(void)number;
	handler_saw_held = cf_lock_is_held();
	handler_took = cf_lock_take(&lock);
}

static void a_handler_that_has_interrupted_the_holder_stands_aside(void **state)
{
	(void)state;
	signal(SIGUSR1, take_in_handler);
	assert_true(cf_lock_take(&lock));
	raise(SIGUSR1);
	assert_true(handler_saw_held);
	assert_false(handler_took);
	cf_lock_release(&lock);
}

static void *take_and_vanish(void *argument)
{
	(void)argument;
	return cf_lock_take(&lock) ? &lock : NULL;
}

static void a_holder_that_is_gone_is_waited_for_100_ms_and_no_more(void **state)
{
	pthread_t holder;
	void *took;

	(void)state;
	pthread_create(&holder, NULL, take_and_vanish, NULL);
	pthread_join(holder, &took);
	assert_non_null(took);
	for (int i = 0; i < 2; i++) {
		cf_instant began = cf_clock_now();

		assert_false(cf_lock_take(&lock));
		unit_assert_took(cf_clock_now() - began, 100, 110);
		assert_false(cf_lock_is_held());
	}
	assert_true(cf_lock_take(&other));
	cf_lock_release(&other);
}

static void *count(void *argument)
{
	(void)argument;
	for (int i = 0; i < ROUNDS; i++) {
		while (!cf_lock_take(&lock))
			;
		counter++;
		cf_lock_release(&lock);
	}
	return NULL;
}

static void two_threads_are_never_inside_at_once(void **state)
{
	pthread_t threads[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, count, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counter, 2 * ROUNDS);
	assert_int_equal(atomic_load(&lock.word), 0);
}

static void *wait_for_it(void *argument)
{
	cf_instant *waited_until = argument;

	if (!cf_lock_take(&lock))
		return NULL;
	*waited_until = cf_clock_now();
	cf_lock_release(&lock);
	return &lock;
}

static bool is_waited_for(void *argument)
{
	(void)argument;
	return atomic_load(&lock.word) == 2;
}

static void whoever_waits_is_woken_at_the_release(void **state)
{
	pthread_t waiter;
	cf_instant waited_until = 0;
	void *took;

	(void)state;
	assert_true(cf_lock_take(&lock));
	pthread_create(&waiter, NULL, wait_for_it, &waited_until);
	assert_true(unit_await(is_waited_for, NULL, 1000));
	cf_instant released = cf_clock_now();
	cf_lock_release(&lock);
	pthread_join(waiter, &took);
	assert_non_null(took);
	assert_true(waited_until >= released);
	assert_int_equal(atomic_load(&lock.word), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_taken_lock_is_held_until_it_is_released),
		cmocka_unit_test(law_2_a_thread_never_holds_two_locks),
		cmocka_unit_test(a_handler_that_has_interrupted_the_holder_stands_aside),
		cmocka_unit_test(a_holder_that_is_gone_is_waited_for_100_ms_and_no_more),
		cmocka_unit_test(two_threads_are_never_inside_at_once),
		cmocka_unit_test(whoever_waits_is_woken_at_the_release),
	};

	return unit_run(tests);
}
