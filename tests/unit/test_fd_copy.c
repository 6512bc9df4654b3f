/* SPDX-License-Identifier: MIT */
/*
 * test_fd_copy.c - a second number for what is open.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fd_copy.h"
#include "identity.h"
#include "refusal.h"
#include "unit.h"

static int open_file(void)
{
	return open(unit_path("file"), O_RDWR | O_CREAT, 0600);
}

static void a_copy_is_far_from_the_numbers_of_the_program_and_closes_on_exec(void **state)
{
	int fd = open_file();

	(void)state;
	errno = EDOM;
	int copy = cf_fd_copy_make(fd);
	assert_int_equal(errno, EDOM);
	struct cf_identity one = cf_identity_read(fd), other = cf_identity_read(copy);
	assert_true(copy >= 700 && cf_identity_is_same(&one, &other));
	assert_int_equal(fcntl(copy, F_GETFD), FD_CLOEXEC);
}

static void with_few_numbers_it_is_any_but_those_of_stdio(void **state)
{
	struct rlimit few = { 64, 64 };
	int fd = open_file();

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int copy = cf_fd_copy_make(fd);
	assert_in_range(copy, 3, 63);
	while (dup(fd) != -1)
		;
	assert_true(cf_fd_copy_make(fd) < 0);
}

static void locks_of_the_process_are_seen_and_those_of_the_file_are_not(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_file();

	(void)state;
	assert_int_equal(cf_fd_copy_locks(fd), CF_FD_COPY_NO_LOCK);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(cf_fd_copy_locks(fd), CF_FD_COPY_NO_LOCK);
	assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
	assert_int_equal(cf_fd_copy_locks(fd), CF_FD_COPY_LOCKED);
	refusal_of_numbers();
	enum cf_fd_copy_locks blind = cf_fd_copy_locks(fd);
	refusal_ends();
	assert_int_equal(blind, CF_FD_COPY_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_copy_is_far_from_the_numbers_of_the_program_and_closes_on_exec),
		cmocka_unit_test(with_few_numbers_it_is_any_but_those_of_stdio),
		cmocka_unit_test(
			locks_of_the_process_are_seen_and_those_of_the_file_are_not),
	};

	return unit_run(tests);
}
