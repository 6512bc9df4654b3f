/* SPDX-License-Identifier: MIT */
/*
 * test_write_back.c - dirty pages of a file of wedgefs. Where its server hangs, a thread of
 * the test waits; it is let go before the test ends, whatever has failed.
 */
#include "write_back.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuse.h"
#include "refusal.h"
#include "unit.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

#define BYTES	    (8 * 4096)
#define WAIT_BEFORE 1 /* SYNC_FILE_RANGE_WAIT_BEFORE */

static struct wedge_control *control;
static struct cf_write_back job;
static char *pages;

static int given_a_mapped_file(void **state)
{
	static char point[160];

	(void)state;
	unit_enter_private_mounts();
	snprintf(point, sizeof(point), "%s", unit_path("mount"));
	assert_int_equal(mkdir(point, 0755), 0);
	control = fuse_mount(point);
	int fd = open(unit_path("mount/file"), O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, BYTES), 0);
	pages = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(pages != MAP_FAILED);
	job = (struct cf_write_back){ (uintptr_t)pages, BYTES, fd, cf_identity_read(fd) };
	return 0;
}

static int let_go(void **state)
{
	(void)state;
	if (control)
		control->hang = 0;
	return 0;
}

static unsigned seen(enum wedge_operation operation)
{
	return control->seen[operation];
}

static void assert_server_has(char letter)
{
	int fd = open(unit_path("mount/file"), O_RDONLY | O_DIRECT);
	static _Alignas(4096) char bytes[BYTES];

	assert_int_equal(read(fd, bytes, BYTES), BYTES);
	for (int i = 0; i < BYTES; i++)
		assert_int_equal(bytes[i], letter);
	close(fd);
}

static void pages_are_written_by_the_fd_and_no_fsync_is_sent(void **state)
{
	(void)state;
	memset(pages, 'a', BYTES);
	errno = EDOM;
	assert_int_equal(cf_write_back(&job), 0);
	assert_int_equal(errno, EDOM);
	assert_true(seen(WEDGE_WRITE) > 0);
	assert_int_equal(seen(WEDGE_FSYNC), 0);
	unsigned writes = seen(WEDGE_WRITE);
	assert_int_equal(msync(pages, BYTES, MS_SYNC), 0); /* nothing was left */
	assert_int_equal(seen(WEDGE_WRITE), writes);
	assert_server_has('a');
}

static void clean_pages_are_not_written(void **state)
{
	(void)state;
	assert_int_equal(cf_write_back(&job), 0);
	assert_int_equal(seen(WEDGE_WRITE), 0);
}

static void assert_msync_is_used(void)
{
	memset(pages, 'b', BYTES);
	assert_int_equal(cf_write_back(&job), 0);
	assert_true(seen(WEDGE_WRITE) > 0);
	assert_int_equal(seen(WEDGE_FSYNC), 1);
	assert_server_has('b');
}

static void without_the_fd_it_is_an_msync(void **state)
{
	(void)state;
	job.fd = -1;
	assert_msync_is_used();
}

static void by_an_fd_that_was_closed_it_is_an_msync(void **state)
{
	(void)state;
	close(job.fd);
	assert_msync_is_used();
}

static void by_an_fd_of_another_file_it_is_an_msync(void **state)
{
	(void)state;
	assert_int_equal(
		dup2(open(unit_path("mount/other"), O_RDWR | O_CREAT, 0600), job.fd),
		job.fd);
	assert_msync_is_used();
}

static void on_an_old_kernel_no_fsync_is_sent_either(void **state)
{
	(void)state;
	refusal_of_call(SYS_cachestat, ENOSYS);
	memset(pages, 'c', BYTES);
	assert_int_equal(cf_write_back(&job), 0);
	assert_true(seen(WEDGE_WRITE) > 0);
	assert_int_equal(seen(WEDGE_FSYNC), 0);
	assert_server_has('c');
}

static _Atomic bool is_back;

static void *write_back(void *argument)
{
	(void)argument;
	long result = cf_write_back(&job);
	atomic_store(&is_back, true);
	return (void *)result;
}

static bool is_server_waiting(void *argument)
{
	(void)argument;
	return control->waiting[WEDGE_WRITE] > 0;
}

static void it_waits_for_as_long_as_the_server_does(void **state)
{
	pthread_t thread;
	void *result;

	(void)state;
	memset(pages, 'd', BYTES);
	control->hang = 1 << WEDGE_WRITE;
	pthread_create(&thread, NULL, write_back, NULL);
	assert_true(unit_await(is_server_waiting, NULL, 5000));
	unit_pass(100);
	assert_false(atomic_load(&is_back));
	control->hang = 0;
	pthread_join(thread, &result);
	assert_null(result);
	assert_server_has('d');
}

static void *store_all_the_time(void *argument)
{
	(void)argument;
	for (unsigned i = 0; !atomic_load(&is_back); i++)
		((volatile char *)pages)[i % BYTES] = 's';
	return NULL;
}

/* As the kernel's munmap does: else it would never end. */
static void one_pass_is_enough_for_a_file_that_is_stored_into(void **state)
{
	pthread_t writer;

	(void)state;
	pages[0] = 's';
	pthread_create(&writer, NULL, store_all_the_time, NULL);
	assert_int_equal(cf_write_back(&job), 0);
	atomic_store(&is_back, true);
	pthread_join(writer, NULL);
	assert_true(seen(WEDGE_WRITE) > 0);
}

/* The server ends in the middle: what was under way has failed. */
static void the_errors_of_the_file_stay_for_the_program_to_find(void **state)
{
	pthread_t thread;
	void *result;

	(void)state;
	memset(pages, 'e', BYTES);
	control->hang = 1 << WEDGE_WRITE;
	pthread_create(&thread, NULL, write_back, NULL);
	assert_true(unit_await(is_server_waiting, NULL, 5000));
	kill((pid_t)control->pid, SIGKILL);
	pthread_join(thread, &result);
	assert_null(result);
	/* What only waits sends nothing: the error is that of the write-back. */
	assert_int_equal(syscall(SYS_sync_file_range, job.fd, 0L, 0L, WAIT_BEFORE), -1);
	assert_int_equal(syscall(SYS_sync_file_range, job.fd, 0L, 0L, WAIT_BEFORE), 0);
}

#define PAGES_TEST(function)                                                             \
	cmocka_unit_test_setup_teardown(function, given_a_mapped_file, let_go)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAGES_TEST(pages_are_written_by_the_fd_and_no_fsync_is_sent),
		PAGES_TEST(clean_pages_are_not_written),
		PAGES_TEST(without_the_fd_it_is_an_msync),
		PAGES_TEST(by_an_fd_that_was_closed_it_is_an_msync),
		PAGES_TEST(by_an_fd_of_another_file_it_is_an_msync),
		PAGES_TEST(on_an_old_kernel_no_fsync_is_sent_either),
		PAGES_TEST(it_waits_for_as_long_as_the_server_does),
		PAGES_TEST(one_pass_is_enough_for_a_file_that_is_stored_into),
		PAGES_TEST(the_errors_of_the_file_stay_for_the_program_to_find),
	};

	return unit_run(tests);
}
