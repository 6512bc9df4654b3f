/* SPDX-License-Identifier: MIT */
/*
 * test_errand_parked.c - errand.h once more: pages to write back, ranges to unmap, and what
 * is parked on a mount.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "errand.h"
#include "gate.h"
#include "kin.h"
#include "lingering.h"
#include "parked_fds.h"
#include "task.h"
#include "unit.h"

#define SECOND (1000 * CF_MS)
#define BYTES  4096

static const char mounts[2]; /* two addresses */
static struct cf_task *task;
static struct cf_errand *errand;
static _Atomic int under_way, slow;
static _Atomic int64_t sick_ns;
static _Atomic unsigned returns;

static int given_an_errand(void **state)
{
	(void)state;
	task = cf_task_get();
	if (!task)
		return -1;
	errand = task->room;
	memset(errand, 0, sizeof(*errand));
	under_way = slow = 5;
	returns = 5;
	sick_ns = 77;
	errand->tally = (struct cf_tally){ &under_way, &sick_ns, &returns, &slow };
	errand->started_ns = cf_clock_now();
	errand->is_counted = 1;
	errand->parked_fd = -1;
	return 0;
}

static void start(void)
{
	assert_int_equal(cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS), 0);
}

static void end(void)
{
	assert_true(cf_task_wait(task, 5 * SECOND));
	cf_task_reap(task);
}

static void work_off(const void *mount)
{
	errand->kind = CF_ERRAND_WORK_OFF;
	errand->state = CF_ERRAND_ABANDONED;
	errand->works_off = mount;
	start();
	end();
}

static int park(int fd, const void *mount)
{
	struct cf_identity identity = cf_identity_read(fd);

	assert_true(fd >= 0 && cf_parked_fds_add(fd, &identity, mount));
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static int open_null(void)
{
	return open("/dev/null", O_RDONLY);
}

static char *map_file(void)
{
	int fd = open(unit_path("file"), O_RDWR | O_CREAT, 0600);

	assert_int_equal(ftruncate(fd, BYTES), 0);
	char *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	at[0] = 'd';
	errand->pages =
		(struct cf_write_back){ (uintptr_t)at, BYTES, fd, cf_identity_read(fd) };
	return at;
}

static bool is_mapped(const void *at)
{
	unsigned char is_in_core;

	return mincore((void *)at, 1, &is_in_core) == 0;
}

static struct cf_parked_range *park_range(const char *at, const void *mount)
{
	struct cf_write_back job = { (uintptr_t)at, BYTES, -1, { 0 } };

	return cf_parked_ranges_add(&job, mount);
}

static void pages_are_written_back_and_stay_mapped(void **state)
{
	char *at = map_file();

	(void)state;
	errand->kind = CF_ERRAND_WRITE_BACK;
	errand->call = (struct cf_call){ SYS_munmap, { (long)at, BYTES } };
	start();
	end();
	assert_int_equal(errand->state, CF_ERRAND_DONE);
	assert_int_equal(errand->result, 0);
	assert_true(is_mapped(at));
	assert_int_equal(returns, 6);
	assert_int_equal(under_way, 4);
}

static void the_error_of_a_write_back_is_the_result(void **state)
{
	(void)state;
	errand->kind = CF_ERRAND_WRITE_BACK;
	errand->pages = (struct cf_write_back){ BYTES + 1, BYTES, -1, { 0 } };
	start();
	end();
	assert_int_equal(errand->result, -EINVAL); /* no page begins there */
}

/* The undertaker may have been there. */
static void what_is_mapped_no_more_needs_no_writing(void **state)
{
	(void)state;
	errand->kind = CF_ERRAND_WRITE_BACK;
	errand->pages = (struct cf_write_back){ BYTES, BYTES, -1, { 0 } };
	start();
	end();
	assert_int_equal(errand->result, 0);
}

static void a_range_is_unmapped_and_parked_no_more(void **state)
{
	char *at = map_file();

	(void)state;
	errand->kind = CF_ERRAND_UNMAP;
	errand->range = cf_parked_ranges_add(&errand->pages, NULL);
	start();
	end();
	assert_int_equal(errand->result, 0);
	assert_false(is_mapped(at));
	assert_false(cf_parked_ranges_any());
	assert_int_equal(returns, 6);
}

static void work_without_a_mount_is_nothing(void **state)
{
	int fd = park(open_null(), NULL);

	(void)state;
	work_off(NULL);
	assert_true(is_open(fd));
	assert_non_null(cf_parked_fds_find(fd));
	assert_int_equal(returns, 5);
}

static void whatever_is_parked_on_the_mount_is_worked_off(void **state)
{
	int fds[3], other = park(open_null(), &mounts[1]);
	char *at = map_file(), *elsewhere = map_file();

	(void)state;
	for (int i = 0; i < 3; i++)
		fds[i] = park(open_null(), &mounts[0]);
	cf_parked_ranges_give_back(park_range(at, &mounts[0]));
	cf_parked_ranges_give_back(park_range(elsewhere, &mounts[1]));
	work_off(&mounts[0]);
	for (int i = 0; i < 3; i++)
		assert_false(is_open(fds[i]) || cf_parked_fds_find(fds[i]));
	assert_false(is_mapped(at));
	assert_true(is_open(other) && cf_parked_fds_find(other));
	assert_true(is_mapped(elsewhere));
	assert_int_equal(returns, 9); /* the errand itself says nothing about its mount */
	assert_int_equal(sick_ns, 0);
	assert_int_equal(under_way, 4);
	assert_true(cf_errand_is_over(errand));
	assert_int_equal(under_way, 4);
}

static void with_nothing_parked_a_worker_heals_no_mount(void **state)
{
	(void)state;
	work_off(&mounts[0]);
	assert_int_equal(returns, 5);
	assert_int_equal(sick_ns, 77);
	assert_int_equal(under_way, 4);
}

static void what_the_number_stands_for_since_is_not_closed(void **state)
{
	int fd = park(open_null(), &mounts[0]);

	(void)state;
	assert_int_equal(dup2(open("/dev/zero", O_RDONLY), fd), fd);
	work_off(&mounts[0]);
	assert_true(is_open(fd));
	assert_null(cf_parked_fds_find(fd));
	assert_int_equal(returns, 5);
}

static void start_with_something_parked(const struct gate *gate, int *fd)
{
	*fd = park(open_null(), &mounts[0]);
	errand->works_off = &mounts[0];
	errand->call = gate_call(gate);
	start();
}

static void a_hand_that_nobody_waits_for_works_off_what_is_parked(void **state)
{
	struct gate gate = gate_shut();
	int fd;

	(void)state;
	start_with_something_parked(&gate, &fd);
	atomic_store(&errand->state, CF_ERRAND_ABANDONED);
	gate_open(&gate, 1);
	end();
	assert_int_equal(errand->state, CF_ERRAND_DONE);
	assert_false(is_open(fd));
	assert_false(cf_parked_fds_any());
	assert_int_equal(returns, 7);
}

static void a_hand_that_is_waited_for_leaves_it_to_others(void **state)
{
	struct gate gate = gate_shut();
	int fd;

	(void)state;
	start_with_something_parked(&gate, &fd);
	gate_open(&gate, 1);
	end();
	assert_true(is_open(fd));
	assert_non_null(cf_parked_fds_find(fd));
}

static bool is_at_work(void *argument)
{
	(void)argument;
	return atomic_load(&errand->parked_fd) != -1;
}

static void what_an_ended_hand_was_at_is_parked_again(void **state)
{
	struct lingering socket = lingering_make(60);
	int fd = park(socket.fd, &mounts[0]);

	(void)state;
	errand->kind = CF_ERRAND_WORK_OFF;
	errand->state = CF_ERRAND_ABANDONED;
	errand->works_off = &mounts[0];
	start();
	assert_true(unit_await(is_at_work, NULL, 5000));
	assert_true(kin_await_asleep(task->pid, SYS_close));
	assert_int_equal(cf_parked_fds_find(fd)->state, CF_PARKED_CLOSING);
	assert_int_equal(cf_parked_fds_find(fd)->taker, task->pid);
	cf_task_end(task);
	end();
	assert_true(cf_errand_is_over(errand));
	assert_int_equal(cf_parked_fds_find(fd)->state, CF_PARKED_WAITS);
	assert_int_equal(errand->parked_fd, -1);
	assert_int_equal(under_way, 4);
}

/* Not started here: the hands are in the states in which they were ended. */
static void the_ranges_of_an_ended_hand_wait_again(void **state)
{
	struct cf_parked_range *own = park_range(NULL, &mounts[0]);
	struct cf_parked_range *taken_over = park_range(NULL, &mounts[1]);

	(void)state;
	errand->kind = CF_ERRAND_UNMAP;
	errand->range = own;
	errand->parked_range = taken_over;
	errand->state = CF_ERRAND_ABANDONED;
	assert_true(cf_errand_is_over(errand));
	assert_ptr_equal(cf_parked_ranges_take_any(&mounts[0]), own);
	assert_ptr_equal(cf_parked_ranges_take_any(&mounts[1]), taken_over);
	assert_true(cf_errand_is_over(errand)); /* once */
	assert_null(cf_parked_ranges_take_any(&mounts[0]));
	assert_null(cf_parked_ranges_take_any(&mounts[1]));
}

#define ERRAND_TEST(function) cmocka_unit_test_setup(function, given_an_errand)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ERRAND_TEST(pages_are_written_back_and_stay_mapped),
		ERRAND_TEST(the_error_of_a_write_back_is_the_result),
		ERRAND_TEST(what_is_mapped_no_more_needs_no_writing),
		ERRAND_TEST(a_range_is_unmapped_and_parked_no_more),
		ERRAND_TEST(work_without_a_mount_is_nothing),
		ERRAND_TEST(whatever_is_parked_on_the_mount_is_worked_off),
		ERRAND_TEST(with_nothing_parked_a_worker_heals_no_mount),
		ERRAND_TEST(what_the_number_stands_for_since_is_not_closed),
		ERRAND_TEST(a_hand_that_nobody_waits_for_works_off_what_is_parked),
		ERRAND_TEST(a_hand_that_is_waited_for_leaves_it_to_others),
		ERRAND_TEST(what_an_ended_hand_was_at_is_parked_again),
		ERRAND_TEST(the_ranges_of_an_ended_hand_wait_again),
	};

	return unit_run(tests);
}
