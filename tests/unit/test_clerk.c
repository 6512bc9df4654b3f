/* SPDX-License-Identifier: MIT */
/*
 * test_clerk.c - a file for a moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clerk.h"
#include "clock.h"
#include "fork.h"
#include "fuse.h"
#include "identity.h"
#include "kin.h"
#include "marks.h"
#include "recorded.h"
#include "refusal.h"
#include "task.h"
#include "unit.h"

#define LINE	     "one line\n"
#define LINE_LENGTH  ((long)sizeof(LINE) - 1)
#define CLERK	     "curfew-clerk"
#define TEN_MEGABYTE ((size_t)10 << 20)

static int given_a_beginning(void **state)
{
	(void)state;
	return cf_fork_begin() ? 0 : -1;
}

static long append(const char *path, bool is_made)
{
	_Atomic bool is_quick = false;

	return cf_clerk_append(path, is_made, LINE, LINE_LENGTH, &is_quick);
}

/* On a busy machine a clerk may be late, and do its work all the same. */
static void assert_appends(const char *path, bool is_made, long expected)
{
	long result = append(path, is_made);

	if (result != -ETIME)
		assert_int_equal(result, expected);
}

static void lines_are_appended_to_a_file_that_is_made(void **state)
{
	const char *path = unit_path("file");
	struct stat status;

	(void)state;
	umask(0);
	errno = EDOM;
	assert_appends(path, true, LINE_LENGTH);
	assert_appends(path, true, LINE_LENGTH);
	assert_int_equal(errno, EDOM);
	assert_string_equal(recorded_lines(path, 2), LINE LINE);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_file_that_is_not_to_be_made_is_not(void **state)
{
	const char *path = unit_path("file");

	(void)state;
	assert_appends(path, false, -ENOENT);
	assert_appends(unit_path("nowhere/file"), true, -ENOENT);
	assert_appends(unit_path(""), true, -EISDIR);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_pipe_without_a_reader_or_full_takes_nothing(void **state)
{
	static char much[4096];
	const char *path = unit_path("fifo");

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_appends(path, true, -ENXIO);
	int end = open(path, O_RDWR | O_NONBLOCK);
	while (write(end, much, sizeof(much)) > 0)
		;
	assert_appends(path, true, -EAGAIN);
}

static void a_file_that_does_not_answer_is_waited_for_a_second(void **state)
{
	(void)state;
	unit_enter_private_mounts();
	const char *point = unit_path("mount"), *path = unit_path("mount/file");
	assert_int_equal(mkdir(point, 0755), 0);
	struct wedge_control *orders = fuse_mount(point);
	orders->hang = 1 << WEDGE_WRITE;
	cf_instant began = cf_clock_now();
	assert_int_equal(append(path, true), -ETIME);
	unit_assert_took(cf_clock_now() - began, 1000, 1020);
	assert_int_equal(kin_count(getpid(), CLERK), 1);
	orders->hang = 0;
}

static void without_a_task_nothing_is_written(void **state)
{
	const char *path = unit_path("file");

	(void)state;
	refusal_of_memory();
	long without_memory = append(path, true);
	refusal_ends();
	assert_int_equal(without_memory, -EAGAIN);
	refusal_of_call(SYS_clone, EPERM);
	assert_int_equal(append(path, true), -EPERM);
	assert_int_equal(access(path, F_OK), -1);
}

static bool has_so_many_fds(void *count)
{
	return unit_count_fds() == *(int *)count;
}

static void no_number_stays_open_and_none_is_taken_for_long(void **state)
{
	const char *path = unit_path("file");
	int fds = unit_count_fds(), next = dup(0);

	(void)state;
	close(next);
	append(path, true);
	append(unit_path("nowhere/file"), true);
	assert_true(unit_await(has_so_many_fds, &fds, 5000)); /* a clerk may be late */
	assert_int_equal(dup(0), next);
}

static void a_file_is_opened_on_a_high_number_or_else_on_any(void **state)
{
	(void)state;
	long fd = cf_clerk_open_to_append(unit_path("file"), true);
	assert_in_range(fd, 700, 1023);
	int flags = fcntl((int)fd, F_GETFL);
	assert_int_equal(flags & (O_ACCMODE | O_APPEND | O_NONBLOCK),
			 O_WRONLY | O_APPEND | O_NONBLOCK);
	assert_int_equal(fcntl((int)fd, F_GETFD), FD_CLOEXEC);
	struct rlimit few = { 64, 64 };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_in_range(cf_clerk_open_to_append(unit_path("file"), true), 3, 63);
}

static void a_file_is_read_to_its_end_or_to_the_end_of_the_room(void **state)
{
	static char big[TEN_MEGABYTE], again[TEN_MEGABYTE + 1];
	const char *path = unit_path("file");

	(void)state;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i % 251);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, big, sizeof(big)), sizeof(big));
	assert_int_equal(cf_clerk_read(path, again, sizeof(again)), sizeof(big));
	assert_memory_equal(big, again, sizeof(big));
	memset(again, '#', sizeof(again));
	assert_int_equal(cf_clerk_read(path, again, 5), 5);
	assert_memory_equal(again, big, 5);
	assert_int_equal(again[5], '#');
	assert_int_equal(cf_clerk_read(unit_path("none"), again, 5), -ENOENT);
}

#define CLERK_TEST(function) cmocka_unit_test_setup(function, given_a_beginning)

static _Atomic bool quick;

static long append_quickly(const char *path)
{
	return cf_clerk_append(path, true, LINE, LINE_LENGTH, &quick);
}

/* As with every mount of which a file was closed. */
static void mark_local(const char *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
	struct cf_identity file = cf_identity_read(fd);

	cf_marks_set(CF_MARK_LOCAL, cf_marks_word(&file));
	close(fd);
}

static void a_file_on_a_local_mount_is_found_to_be_quick(void **state)
{
	const char *path = unit_path("events");

	(void)state;
	assert_int_equal(append_quickly(path), LINE_LENGTH);
	assert_false(quick); /* nothing is known of the mount yet */
	mark_local(path);
	assert_int_equal(append_quickly(path), LINE_LENGTH);
	assert_true(quick);
	refusal_of_call(SYS_clone, EPERM);
	assert_int_equal(append_quickly(path), LINE_LENGTH);
	assert_true(quick);
}

static void a_pipe_is_never_quick(void **state)
{
	const char *path = unit_path("fifo");

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	mark_local(path);
	quick = true; /* it was a file before */
	assert_int_equal(append_quickly(path), LINE_LENGTH);
	assert_false(quick);
	close(reader);
}

/* The signal of such a write would be the program's. */
static void with_a_limit_on_files_the_caller_writes_nothing_itself(void **state)
{
	const char *path = unit_path("events");
	struct rlimit small = { LINE_LENGTH, LINE_LENGTH };

	(void)state;
	mark_local(path);
	quick = true;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(append_quickly(path), LINE_LENGTH);
	assert_int_equal(append_quickly(path), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLERK_TEST(lines_are_appended_to_a_file_that_is_made),
		CLERK_TEST(a_file_that_is_not_to_be_made_is_not),
		CLERK_TEST(a_pipe_without_a_reader_or_full_takes_nothing),
		CLERK_TEST(a_file_that_does_not_answer_is_waited_for_a_second),
		CLERK_TEST(without_a_task_nothing_is_written),
		CLERK_TEST(no_number_stays_open_and_none_is_taken_for_long),
		CLERK_TEST(a_file_is_opened_on_a_high_number_or_else_on_any),
		CLERK_TEST(a_file_is_read_to_its_end_or_to_the_end_of_the_room),
		CLERK_TEST(a_file_on_a_local_mount_is_found_to_be_quick),
		CLERK_TEST(a_pipe_is_never_quick),
		CLERK_TEST(with_a_limit_on_files_the_caller_writes_nothing_itself),
	};

	return unit_run(tests);
}
