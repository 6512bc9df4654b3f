/* SPDX-License-Identifier: MIT */
/*
 * test_park.c - whether a number is parked, to a program that may have put something else
 * there.
 */
#include "park.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "parked_fds.h"
#include "unit.h"

static int park(int fd)
{
	struct cf_identity identity = cf_identity_read(fd);

	assert_true(fd >= 0 && cf_parked_fds_add(fd, &identity, NULL));
	return fd;
}

static int open_file(void)
{
	return memfd_create("a file", 0);
}

static bool holds(int fd)
{
	errno = EDOM;
	bool is_held = cf_park_holds(fd);
	assert_int_equal(errno, EDOM);
	return is_held;
}

static void what_is_parked_is_held_and_nothing_else(void **state)
{
	int other = open_file();

	(void)state;
	assert_false(holds(other));
	int fd = park(open_file());
	assert_true(holds(fd));
	assert_true(holds(fd)); /* still */
	assert_false(holds(other) || holds(-1) || holds(1 << 20) || holds(other + 5));
	assert_true(cf_parked_fds_take(fd, 0));
	cf_parked_fds_done(fd);
	assert_false(holds(fd));
}

static void what_was_replaced_is_the_programs_and_parked_no_more(void **state)
{
	int fd = park(open_file()), gone = park(open_file());

	(void)state;
	assert_int_equal(dup2(open_file(), fd), fd);
	close(gone);
	assert_false(holds(fd) || holds(gone));
	assert_null(cf_parked_fds_find(fd));
	assert_null(cf_parked_fds_find(gone));
	assert_false(cf_parked_fds_any());
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
}

struct numbers {
	int copied, replaced;
};

static void *ask_elsewhere(void *argument)
{
	struct numbers *numbers = argument;
	bool is_as_promised = unshare(CLONE_FILES) == 0 &&
			      dup2(0, numbers->replaced) == numbers->replaced &&
			      cf_park_holds(numbers->copied) &&
			      !cf_park_holds(numbers->replaced);

	return (void *)(intptr_t)is_as_promised;
}

static void another_table_has_copies_and_takes_nothing_off_the_list(void **state)
{
	struct numbers numbers = { park(open_file()), park(open_file()) };
	pthread_t thread;
	void *is_as_promised;

	(void)state;
	pthread_create(&thread, NULL, ask_elsewhere, &numbers);
	pthread_join(thread, &is_as_promised);
	assert_non_null(is_as_promised);
	assert_true(holds(numbers.replaced) && holds(numbers.copied));
}

static void replace_in_vfork_child(void *argument)
{
	struct numbers *numbers = argument;

	if (dup2(0, numbers->replaced) == numbers->replaced &&
	    cf_park_holds(numbers->copied) && !cf_park_holds(numbers->replaced))
		numbers->copied = -1; /* our word for that it is as promised */
}

static void a_vfork_child_takes_nothing_off_the_list(void **state)
{
	struct numbers numbers = { park(open_file()), park(open_file()) };

	(void)state;
	unit_in_vfork_child(replace_in_vfork_child, &numbers);
	assert_int_equal(numbers.copied, -1);
	assert_true(holds(numbers.replaced));
}

static void *close_a_little_later(void *fd)
{
	unit_pass(100);
	close(*(int *)fd);
	unit_pass(200); /* the number is free, and nobody has said so yet */
	cf_parked_fds_done(*(int *)fd);
	return NULL;
}

static void a_number_that_is_closed_just_now_is_waited_for_until_it_is_free(void **state)
{
	int fd = park(open_file());
	pthread_t thread;

	(void)state;
	assert_true(cf_parked_fds_take(fd, getpid()));
	cf_instant began = cf_clock_now();
	pthread_create(&thread, NULL, close_a_little_later, &fd);
	assert_false(holds(fd));
	int64_t took = cf_clock_now() - began;
	bool is_said = !cf_parked_fds_find(fd);
	pthread_join(thread, NULL);
	assert_true(took >= 90 * CF_MS);
	assert_true(!is_said || took > 300 * CF_MS); /* on a busy machine */
}

static void *give_back_a_little_later(void *fd)
{
	unit_pass(50);
	cf_parked_fds_give_back(*(int *)fd);
	return NULL;
}

static void what_was_taken_and_given_back_is_held_again(void **state)
{
	int fd = park(open_file());
	pthread_t thread;

	(void)state;
	assert_true(cf_parked_fds_take(fd, getpid()));
	pthread_create(&thread, NULL, give_back_a_little_later, &fd);
	assert_true(holds(fd));
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_parked_is_held_and_nothing_else),
		cmocka_unit_test(what_was_replaced_is_the_programs_and_parked_no_more),
		cmocka_unit_test(another_table_has_copies_and_takes_nothing_off_the_list),
		cmocka_unit_test(a_vfork_child_takes_nothing_off_the_list),
		cmocka_unit_test(
			a_number_that_is_closed_just_now_is_waited_for_until_it_is_free),
		cmocka_unit_test(what_was_taken_and_given_back_is_held_again),
	};

	return unit_run(tests);
}
