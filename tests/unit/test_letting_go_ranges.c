/* SPDX-License-Identifier: MIT */
/*
 * test_letting_go_ranges.c - when it is certain that a hand's munmap has removed its range.
 *
 * A munmap that hangs holds the lock of its address space: it is that of a process of its
 * own, which is looked at from here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bare_task.h"
#include "fuse.h"
#include "kin.h"
#include "letting_go.h"
#include "raw.h"
#include "task.h"
#include "unit.h"

#define BYTES	    4096
#define PATIENCE_MS 5000

static struct wedge_control *control;
static char *dirty; /* its munmap hangs, in the process that has stored into it */
static char *plain; /* its munmap does not                                      */
static struct cf_call call;
static pid_t program;

static int given_two_mappings(void **state)
{
	static char point[160];

	(void)state;
	unit_enter_private_mounts();
	snprintf(point, sizeof(point), "%s", unit_path("mount"));
	assert_int_equal(mkdir(point, 0755), 0);
	control = fuse_mount(point);
	int fd = open(unit_path("mount/file"), O_RDWR | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, BYTES), 0);
	dirty = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	plain = mmap(NULL, BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(dirty != MAP_FAILED && plain != MAP_FAILED);
	close(fd);
	return 0;
}

static int let_go(void **state)
{
	(void)state;
	if (control)
		control->hang = 0;
	if (program > 0)
		kill(program, SIGKILL);
	return 0;
}

/* In the program: a hand that unmaps, at once or a little later. */
static void start_hand(char *at, void (*run)(void *room))
{
	static _Atomic int slow;
	struct cf_task *task = cf_task_get();
	struct cf_errand *errand = task->room;

	errand->call = (struct cf_call){ SYS_munmap, { (long)at, BYTES } };
	errand->tally.slow = &slow;
	errand->parked_fd = -1;
	bare_late_work = cf_errand_run;
	if (cf_task_start(task, run, CF_TASK_SHARES_FDS) != 0)
		_exit(1);
}

static pid_t start_program(void (*body)(void))
{
	program = fork();
	assert_true(program != -1);
	if (program == 0) {
		body();
		for (;;)
			pause();
	}
	return program;
}

static bool is_hand_there(void *argument)
{
	(void)argument;
	return kin_find(program, CF_ERRAND_TASK_NAME) != 0;
}

static pid_t await_hand_asleep(char *at)
{
	assert_true(unit_await(is_hand_there, NULL, PATIENCE_MS));
	pid_t hand = kin_find(program, CF_ERRAND_TASK_NAME);
	assert_true(kin_await_asleep(hand, SYS_munmap));
	call = (struct cf_call){ SYS_munmap, { (long)at, BYTES } };
	return hand;
}

static bool is_certain(void *hand)
{
	return cf_letting_go_of_range(*(pid_t *)hand, &call);
}

static void unmap_dirty_by_hand(void)
{
	control->hang = 1 << WEDGE_WRITE;
	dirty[0] = 'd';
	start_hand(dirty, cf_errand_run);
}

static void a_hand_that_waits_for_somebody_in_munmap_has_removed_the_range(void **state)
{
	(void)state;
	start_program(unmap_dirty_by_hand);
	pid_t hand = await_hand_asleep(dirty);
	assert_true(unit_await(is_certain, &hand, PATIENCE_MS));
	errno = EDOM;
	assert_true(is_certain(&hand));
	assert_int_equal(errno, EDOM);
	call.argument[0] += BYTES; /* another range's */
	assert_false(is_certain(&hand));
	call = (struct cf_call){ SYS_close, { (long)dirty } };
	assert_false(is_certain(&hand));
}

static bool is_written_back(void *argument)
{
	(void)argument;
	return control->waiting[WEDGE_WRITE] > 0;
}

static void unmap_plain_meanwhile(void)
{
	control->hang = 1 << WEDGE_WRITE;
	dirty[0] = 'd';
	start_hand(plain, bare_run_late);
	cf_raw_call3(SYS_munmap, (long)dirty, BYTES, 0);
}

/* The other munmap holds the lock: nothing is removed yet. */
static void a_hand_that_waits_for_the_lock_proves_nothing(void **state)
{
	(void)state;
	start_program(unmap_plain_meanwhile);
	assert_true(unit_await(is_written_back, NULL, PATIENCE_MS));
	pid_t hand = await_hand_asleep(plain);
	for (int i = 0; i < 20; i++) {
		assert_false(is_certain(&hand));
		unit_pass(1);
	}
	control->hang = 0;
	assert_int_equal(kill(program, 0), 0);
}

static void be_a_sleeper(void)
{
	control->hang = 1 << WEDGE_WRITE;
	dirty[0] = 'd';
	cf_raw_call3(SYS_munmap, (long)dirty, BYTES, 0);
}

static void a_sleeper_that_is_no_hand_proves_nothing(void **state)
{
	(void)state;
	start_program(be_a_sleeper);
	assert_true(unit_await(is_written_back, NULL, PATIENCE_MS));
	assert_true(kin_await_asleep(program, SYS_munmap));
	call = (struct cf_call){ SYS_munmap, { (long)dirty, BYTES } };
	assert_false(is_certain(&program));
}

#define RANGE_TEST(function)                                                             \
	cmocka_unit_test_setup_teardown(function, given_two_mappings, let_go)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RANGE_TEST(
			a_hand_that_waits_for_somebody_in_munmap_has_removed_the_range),
		RANGE_TEST(a_hand_that_waits_for_the_lock_proves_nothing),
		RANGE_TEST(a_sleeper_that_is_no_hand_proves_nothing),
	};

	return unit_run(tests);
}
