/* SPDX-License-Identifier: MIT */
/*
 * test_open_fds.c - the numbers of the calling thread's table.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "open_fds.h"
#include "refusal.h"
#include "unit.h"

#define MANY	  3000
#define FIRST_FDS 1024

static char times[2 * MANY]; /* that each number was called with */
static int calls, stop_after;
static bool is_errno_left;

static bool note(int fd, void *argument)
{
	if (argument == times && fd < (int)sizeof(times))
		times[fd]++;
	errno = EDOM;
	return ++calls != stop_after;
}

static void look(void)
{
	memset(times, 0, sizeof(times));
	calls = 0;
	errno = EDOM;
	cf_open_fds_each(note, times);
	is_errno_left = errno == EDOM;
}

/* Each once, and no other. */
static bool are_open_ones_seen(void)
{
	bool is_so = true;

	look();
	for (int fd = 0; fd < (int)sizeof(times); fd++)
		is_so &= times[fd] == (fcntl(fd, F_GETFD) != -1);
	return is_so && is_errno_left;
}

static void every_open_number_comes_once_and_no_other(void **state)
{
	int fds = unit_count_fds();

	(void)state;
	assert_true(are_open_ones_seen());
	assert_int_equal(calls, fds);
	assert_int_equal(dup2(0, 700), 700); /* where our own directory would have been */
	assert_int_equal(dup2(0, 1500), 1500);
	assert_true(are_open_ones_seen());
	assert_int_equal(calls, fds + 2);
	assert_int_equal(unit_count_fds(), fds + 2);
}

static int calls_above_2(void)
{
	int count = 0;

	look();
	for (int fd = 3; fd < (int)sizeof(times); fd++)
		count += times[fd];
	return count;
}

static void where_only_0_to_2_are_open_no_other_comes(void **state)
{
	(void)state;
	for (int last = 2; last >= 0; last--) {
		int saved = fcntl(last, F_DUPFD, 700);

		close_range(3, (unsigned)saved - 1, 0);
		close(last);
		assert_int_equal(calls_above_2(), 1); /* the saved one */
		assert_int_equal(times[saved], 1);
		dup2(saved, last);
		close(saved);
		assert_int_equal(calls_above_2(), 0);
		assert_int_equal(times[0] + times[1] + times[2], 3);
		assert_true(is_errno_left);
	}
	stop_after = 2;
	look();
	assert_int_equal(calls, 2);
}

static void thousands_of_numbers_come_once(void **state)
{
	struct rlimit limit;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = MANY + 100;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		unit_skip("no right to have so many numbers");
	for (int i = 0; i < MANY; i++)
		assert_true(dup(0) > 0);
	assert_true(are_open_ones_seen());
	assert_true(calls >= MANY);
}

static void no_more_come_after_a_no(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++) /* more than are listed at once */
		assert_true(dup(0) > 0);
	int fds = unit_count_fds();
	for (stop_after = 1; stop_after < 300; stop_after += 20) {
		look();
		assert_int_equal(calls, stop_after);
		assert_int_equal(unit_count_fds(), fds);
	}
}

static void *look_in_a_table_of_its_own(void *argument)
{
	bool *is_so = argument;

	*is_so = unshare(CLONE_FILES) == 0 && dup2(0, 1234) == 1234 &&
		 are_open_ones_seen() && times[1234] == 1;
	return NULL;
}

static void the_numbers_are_those_of_the_calling_threads_table(void **state)
{
	pthread_t thread;
	bool is_so = false;

	(void)state;
	pthread_create(&thread, NULL, look_in_a_table_of_its_own, &is_so);
	pthread_join(thread, NULL);
	assert_true(is_so);
	assert_true(are_open_ones_seen());
	assert_int_equal(times[1234], 0);
}

static void assert_the_first_were_seen(void)
{
	look();
	for (int fd = 0; fd < (int)sizeof(times); fd++)
		assert_int_equal(times[fd], fd < FIRST_FDS);
	stop_after = 5;
	look();
	assert_int_equal(calls, 5);
}

static void without_proc_the_first_1024_come(void **state)
{
	(void)state;
	if (chroot(unit_path("")) == -1)
		unit_skip("no right to change the root");
	assert_the_first_were_seen();
}

static void without_a_free_number_the_first_1024_come(void **state)
{
	(void)state;
	refusal_of_numbers();
	look();
	refusal_ends();
	assert_int_equal(calls, FIRST_FDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_open_number_comes_once_and_no_other),
		cmocka_unit_test(where_only_0_to_2_are_open_no_other_comes),
		cmocka_unit_test(thousands_of_numbers_come_once),
		cmocka_unit_test(no_more_come_after_a_no),
		cmocka_unit_test(the_numbers_are_those_of_the_calling_threads_table),
		cmocka_unit_test(without_proc_the_first_1024_come),
		cmocka_unit_test(without_a_free_number_the_first_1024_come),
	};

	return unit_run(tests);
}
