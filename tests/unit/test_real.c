/* SPDX-License-Identifier: MIT */
/*
 * test_real.c - the function that the program would have found without us.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "real.h"
#include "unit.h"

static void close_with_the_manners_of_libc(void)
{
	int fd = open("/dev/null", O_RDONLY);

	errno = EDOM;
	assert_int_equal(cf_real_close(fd), 0);
	assert_int_equal(errno, EDOM);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	errno = EDOM;
	assert_int_equal(cf_real_close(fd), -1);
	assert_int_equal(errno, EBADF);
}

static void before_the_beginning_it_is_the_plain_call_with_libcs_manners(void **state)
{
	(void)state;
	close_with_the_manners_of_libc();
}

static void later_it_is_libcs_own(void **state)
{
	(void)state;
	cf_real_bind();
	close_with_the_manners_of_libc();
}

static void *close_when_cancelled(void *fd)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	cf_real_close(*(int *)fd);
	return NULL;
}

static void law_8_it_stays_a_cancellation_point(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	pthread_t thread;
	void *result;

	(void)state;
	cf_real_bind();
	pthread_create(&thread, NULL, close_when_cancelled, &fd);
	pthread_join(thread, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			before_the_beginning_it_is_the_plain_call_with_libcs_manners),
		cmocka_unit_test(later_it_is_libcs_own),
		cmocka_unit_test(law_8_it_stays_a_cancellation_point),
	};

	return unit_run(tests);
}
