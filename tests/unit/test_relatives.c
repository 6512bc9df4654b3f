/* SPDX-License-Identifier: MIT */
/*
 * test_relatives.c - calls around parked numbers. The hand is real; whether it has company
 * is noted here, and the call that a hand could not make.
 */
#include "relatives.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fork.h"
#include "hand.h"
#include "parked_fds.h"
#include "refusal.h"
#include "task.h"
#include "undertaker.h"
#include "unit.h"

#define FIRST  40 /* of the numbers that are closed */
#define LAST   90
#define STEPS  300
#define HIGHER (LAST + 10)

void __wrap_cf_undertaker_watch(const _Atomic int *slow);

static _Atomic int watches;
static int null, zero;

void __wrap_cf_undertaker_watch(const _Atomic int *slow)
{
	assert_int_equal(*slow, 1);
	atomic_fetch_add(&watches, 1);
}

static int given_a_beginning(void **state)
{
	(void)state;
	null = open("/dev/null", O_RDONLY);
	zero = open("/dev/zero", O_RDONLY);
	return cf_fork_begin() ? 0 : -1;
}

static int flags_of(int fd)
{
	return fcntl(fd, F_GETFD);
}

static bool is_open(int fd)
{
	return flags_of(fd) != -1;
}

static bool is_same(int a, int b)
{
	struct cf_identity one = cf_identity_read(a), other = cf_identity_read(b);

	return cf_identity_is_same(&one, &other);
}

static bool is_parked(int fd)
{
	return cf_parked_fds_find(fd) != NULL;
}

static int park_at(int fd)
{
	assert_int_equal(dup2(null, fd), fd);
	struct cf_identity identity = cf_identity_read(fd);
	assert_true(cf_parked_fds_add(fd, &identity, NULL));
	return fd;
}

static void assert_is(int result, int expected, int error)
{
	assert_int_equal(result, expected);
	assert_int_equal(errno, error);
	errno = EDOM;
}

static _Atomic int wrong; /* what a thread, which asserts nothing, has found so */

static void expect(bool is_so)
{
	wrong += !is_so;
}

static void expect_answer(int result)
{
	expect(result == 0 && errno == EDOM);
}

static void run_in_thread(void *(*body)(void *argument), void *argument)
{
	pthread_t thread;

	pthread_create(&thread, NULL, body, argument);
	pthread_join(thread, NULL);
	assert_int_equal(wrong, 0);
}

static void assert_plain_calls(void)
{
	int fd = cf_relatives_dup(zero);

	errno = EDOM;
	assert_true(is_same(fd, zero));
	assert_is(cf_relatives_dup2(zero, fd), fd, EDOM);
	assert_is(cf_relatives_dup2(fd, fd), fd, EDOM);
	assert_is(cf_relatives_dup2(999, 999), -1, EBADF);
	assert_is(cf_relatives_dup3(zero, fd, O_CLOEXEC), fd, EDOM);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_is(cf_relatives_dup3(fd, fd, 0), -1, EINVAL);
	assert_is(cf_relatives_dup3(zero, fd, 1), -1, EINVAL);
	assert_is(cf_relatives_dup(999), -1, EBADF);
	assert_is(cf_relatives_close_range((unsigned)fd, (unsigned)fd, 0), 0, EDOM);
	assert_false(is_open(fd));
	errno = EDOM;
	assert_is(cf_relatives_close_range(10, 9, 0), -1, EINVAL);
	assert_is(cf_relatives_close_range(90, 99, 1), -1, EINVAL);
}

static void with_nothing_parked_and_beside_it_they_are_the_plain_calls(void **state)
{
	(void)state;
	assert_plain_calls();
	int fd = park_at(FIRST);
	assert_plain_calls();
	assert_true(is_parked(fd) && is_open(fd));
	assert_int_equal(watches, 0);
}

static void a_parked_number_is_no_source_of_a_copy(void **state)
{
	int fd = park_at(FIRST), to = dup(zero);

	(void)state;
	errno = EDOM;
	assert_is(cf_relatives_dup(fd), -1, EBADF);
	assert_is(cf_relatives_dup2(fd, to), -1, EBADF);
	assert_is(cf_relatives_dup2(fd, fd), -1, EBADF);
	assert_is(cf_relatives_dup3(fd, to, 0), -1, EBADF);
	assert_is(cf_relatives_dup3(fd, fd, 0), -1, EINVAL); /* as the kernel has it */
	assert_true(is_same(to, zero));
	assert_true(is_parked(fd) && is_open(fd));
}

static void onto_a_parked_number_the_new_file_is_there_at_once(void **state)
{
	(void)state;
	errno = EDOM;
	assert_is(cf_relatives_dup2(zero, park_at(FIRST)), FIRST, EDOM);
	assert_is(cf_relatives_dup3(zero, park_at(FIRST + 1), O_CLOEXEC), FIRST + 1,
		  EDOM);
	for (int fd = FIRST; fd <= FIRST + 1; fd++) {
		assert_true(is_same(fd, zero));
		assert_false(is_parked(fd));
	}
	assert_int_equal(fcntl(FIRST, F_GETFD), 0);
	assert_int_equal(fcntl(FIRST + 1, F_GETFD), FD_CLOEXEC);
	assert_false(cf_parked_fds_any());
}

static void a_copy_that_fails_leaves_the_number_parked(void **state)
{
	int fd = park_at(FIRST);

	(void)state;
	errno = EDOM;
	assert_is(cf_relatives_dup2(999, fd), -1, EBADF);
	assert_is(cf_relatives_dup3(zero, fd, 1), -1, EINVAL);
	assert_int_equal(cf_parked_fds_find(fd)->state, CF_PARKED_WAITS);
	assert_true(is_same(fd, null));
}

static void without_a_hand_the_copy_is_made_by_the_caller(void **state)
{
	int fd = park_at(FIRST);

	(void)state;
	refusal_of_call(SYS_clone, EPERM);
	errno = EDOM;
	assert_is(cf_relatives_dup2(zero, fd), fd, EDOM);
	assert_true(is_same(fd, zero));
	assert_false(cf_parked_fds_any());
}

static void *copy_in_a_table_of_its_own(void *argument)
{
	(void)argument;
	errno = EDOM;
	expect_answer(cf_relatives_unshare(CLONE_FILES));
	expect_answer(cf_relatives_dup2(zero, FIRST) - FIRST);
	expect(is_same(FIRST, zero));
	return NULL;
}

static void in_another_table_the_record_stays_for_the_main_one(void **state)
{
	(void)state;
	park_at(FIRST);
	run_in_thread(copy_in_a_table_of_its_own, NULL);
	assert_true(is_parked(FIRST) && is_same(FIRST, null));
	assert_int_equal(cf_parked_fds_find(FIRST)->state, CF_PARKED_WAITS);
	assert_int_equal(watches, 1);
}

static void *unshare_what(void *flags)
{
	errno = EDOM;
	expect_answer(cf_relatives_unshare(*(int *)flags));
	return NULL;
}

static void a_table_of_a_threads_own_gets_company_when_something_is_parked(void **state)
{
	(void)state;
	run_in_thread(unshare_what, &(int){ CLONE_FILES });
	assert_int_equal(watches, 0);
	park_at(FIRST);
	run_in_thread(unshare_what, &(int){ CLONE_FS });
	assert_int_equal(watches, 0);
	run_in_thread(unshare_what, &(int){ CLONE_FILES });
	assert_int_equal(watches, 1);
	errno = EDOM;
	assert_is(cf_relatives_unshare(0x7fffffff), -1, EINVAL);
	assert_is(cf_relatives_unshare(CLONE_FILES), 0, EDOM); /* the first thread */
	assert_int_equal(watches, 1);
}

static unsigned random_number(unsigned below)
{
	static unsigned seed = 4711;

	seed = seed * 1103515245U + 12345U;
	return (seed >> 8) % below;
}

/* Each number is closed, open, or parked. */
static void open_and_park_at_random(void)
{
	for (int fd = FIRST; fd <= LAST; fd++) {
		if (is_parked(fd))
			continue;
		close(fd);
		if (random_number(3) == 0)
			park_at(fd);
		else if (random_number(2))
			assert_int_equal(dup2(zero, fd), fd);
	}
}

static void drop_some(void)
{
	for (int fd = FIRST; fd <= LAST; fd++) {
		if (is_parked(fd) && random_number(3) == 0) {
			assert_true(cf_parked_fds_take(fd, 0));
			cf_parked_fds_done(fd);
		}
	}
}

static void assert_closed_around(unsigned first, unsigned last, int flags)
{
	int before[HIGHER + 1], expected;

	for (int fd = 0; fd <= HIGHER; fd++)
		before[fd] = flags_of(fd);
	errno = EDOM;
	assert_is(cf_relatives_close_range(first, last, flags), 0, EDOM);
	for (int fd = 0; fd <= HIGHER; fd++) {
		expected = before[fd];
		if (fd >= (int)first && fd <= (int)last && expected != -1 &&
		    !is_parked(fd))
			expected = flags & CLOSE_RANGE_CLOEXEC ? FD_CLOEXEC : -1;
		assert_int_equal(flags_of(fd), expected);
	}
}

static void parked_numbers_are_left_alone_whatever_the_range_and_flags(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++) {
		unsigned first = FIRST + random_number(LAST - FIRST);
		unsigned last = first + random_number(LAST - first + 1);

		drop_some();
		open_and_park_at_random();
		assert_closed_around(first, last,
				     random_number(2) ? CLOSE_RANGE_CLOEXEC : 0);
	}
}

static void a_range_may_end_anywhere(void **state)
{
	(void)state;
	park_at(FIRST);
	park_at(LAST);
	assert_int_equal(dup2(zero, FIRST + 1), FIRST + 1);
	assert_int_equal(dup2(zero, HIGHER), HIGHER);
	errno = EDOM;
	assert_is(cf_relatives_close_range(FIRST, FIRST, 0), 0, EDOM); /* it alone */
	assert_true(is_open(FIRST));
	assert_is(cf_relatives_close_range(1 << 20, ~0U, 0), 0, EDOM);
	assert_is(cf_relatives_close_range(FIRST, ~0U, 0), 0, EDOM);
	assert_true(is_open(FIRST) && is_open(LAST));
	assert_false(is_open(FIRST + 1) || is_open(HIGHER));
}

static void *close_unshared(void *argument)
{
	int flags = CLOSE_RANGE_UNSHARE | *(int *)argument;

	errno = EDOM;
	expect_answer(cf_relatives_close_range(FIRST, LAST, flags));
	expect(is_open(FIRST) && is_open(FIRST + 2)); /* copies of parked ones */
	expect(flags_of(FIRST + 1) == (flags & CLOSE_RANGE_CLOEXEC ? FD_CLOEXEC : -1));
	errno = EDOM;
	expect_answer(cf_relatives_close_range(FIRST + 2, FIRST + 2, flags));
	close(0);
	return NULL;
}

static void unshared_it_closes_in_a_table_of_its_own_that_gets_company(void **state)
{
	int cloexec[2] = { 0, CLOSE_RANGE_CLOEXEC };

	(void)state;
	park_at(FIRST);
	park_at(FIRST + 2);
	assert_int_equal(dup2(zero, FIRST + 1), FIRST + 1);
	for (int i = 0; i < 2; i++) {
		run_in_thread(close_unshared, &cloexec[i]);
		assert_int_equal(flags_of(FIRST + 1), 0);
		assert_true(is_open(0));
	}
	assert_int_equal(watches, 4);
}

static void *close_parked_alone_unshared(void *argument)
{
	(void)argument;
	errno = EDOM;
	expect_answer(cf_relatives_close_range(FIRST, FIRST, CLOSE_RANGE_UNSHARE));
	close(0);
	return NULL;
}

static void *close_all_unshared(void *argument)
{
	(void)argument;
	errno = EDOM;
	expect_answer(cf_relatives_close_range(FIRST, ~0U, CLOSE_RANGE_UNSHARE));
	expect(is_open(FIRST) && !is_open(FIRST + 1));
	expect(!is_open(LAST)); /* above what is copied in any case */
	expect(is_open(null));
	return NULL;
}

static void unshared_up_to_the_end_what_is_high_is_not_copied(void **state)
{
	(void)state;
	park_at(FIRST);
	park_at(LAST);
	assert_int_equal(dup2(zero, FIRST + 1), FIRST + 1);
	run_in_thread(close_parked_alone_unshared, NULL);
	assert_true(is_open(0)); /* there was a table of its own, though none to close */
	run_in_thread(close_all_unshared, NULL);
	assert_true(is_open(FIRST + 1) && is_open(LAST) && is_parked(LAST));
}

#define RELATIVE_TEST(function) cmocka_unit_test_setup(function, given_a_beginning)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELATIVE_TEST(with_nothing_parked_and_beside_it_they_are_the_plain_calls),
		RELATIVE_TEST(a_parked_number_is_no_source_of_a_copy),
		RELATIVE_TEST(onto_a_parked_number_the_new_file_is_there_at_once),
		RELATIVE_TEST(a_copy_that_fails_leaves_the_number_parked),
		RELATIVE_TEST(without_a_hand_the_copy_is_made_by_the_caller),
		RELATIVE_TEST(in_another_table_the_record_stays_for_the_main_one),
		RELATIVE_TEST(
			a_table_of_a_threads_own_gets_company_when_something_is_parked),
		RELATIVE_TEST(parked_numbers_are_left_alone_whatever_the_range_and_flags),
		RELATIVE_TEST(a_range_may_end_anywhere),
		RELATIVE_TEST(unshared_it_closes_in_a_table_of_its_own_that_gets_company),
		RELATIVE_TEST(unshared_up_to_the_end_what_is_high_is_not_copied),
	};

	return unit_run(tests);
}
