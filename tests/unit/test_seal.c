/* SPDX-License-Identifier: MIT */
/*
 * test_seal.c - a sealed task can make its few calls and no other.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bare_task.h"
#include "clock.h"
#include "task.h"
#include "unit.h"

#define LISTING (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define X32	0x40000000 /* the same call in another ABI of x86-64 */

_Static_assert(sizeof(struct bare) <= CF_TASK_ROOM_BYTES, "it fits a task's room");

static const struct bare_try *run(const struct bare *bare)
{
	struct cf_task *task = cf_task_get();

	assert_true(bare->count <= BARE_MOST_TRIES);
	memcpy(task->room, bare, sizeof(*bare));
	assert_int_equal(cf_task_start(task, bare_run, CF_TASK_SHARES_FDS), 0);
	assert_true(cf_task_wait(task, 5000 * CF_MS));
	cf_task_reap(task);
	return ((struct bare *)task->room)->tries;
}

static void a_sealed_hand_makes_its_call(void **state)
{
	struct timespec now = { 0, 0 };
	int fd = open(unit_path("file"), O_RDWR | O_CREAT, 0600);

	(void)state;
	const struct bare_try *tries = run(&(struct bare){
		.as = BARE_HAND,
		.own_number = SYS_lseek,
		.count = 2,
		.tries = {
			{ SYS_lseek, { fd, 42, SEEK_SET }, -1 },
			{ SYS_clock_gettime, { CLOCK_MONOTONIC, (long)&now }, -1 } } });
	assert_int_equal(tries[0].result, 42);
	assert_int_equal(tries[1].result, 0);
	assert_true(now.tv_sec > 0);
}

static void a_sealed_recorder_writes_and_sleeps(void **state)
{
	struct timespec at_once = { 0, 0 }, now;
	int fd = open(unit_path("file"), O_RDWR | O_CREAT, 0600);

	(void)state;
	const struct bare_try *tries = run(&(struct bare){
		.as = BARE_RECORDER,
		.count = 3,
		.tries = { { SYS_write, { fd, (long)"x", 1 }, -1 },
			   { SYS_clock_gettime, { CLOCK_MONOTONIC, (long)&now }, -1 },
			   { SYS_clock_nanosleep,
			     { CLOCK_MONOTONIC, 0, (long)&at_once },
			     -1 } } });
	assert_int_equal(tries[0].result, 1);
	assert_int_equal(tries[1].result, 0);
	assert_int_equal(tries[2].result, 0);
}

static void a_sealed_undertaker_makes_its_calls(void **state)
{
	struct timespec at_once = { 0, 0 };
	int fd = open("/dev/null", O_RDONLY);
	static const int word = 1;

	(void)state;
	const struct bare_try *tries = run(&(struct bare){
		.as = BARE_UNDERTAKER,
		.count = 12,
		.tries = {
			{ SYS_getppid, { 0 }, -1 },
			{ SYS_statx, { -1 }, -1 },
			{ SYS_setsockopt, { -1 }, -1 },
			{ SYS_close_range, { 1 << 20, 1 << 20, 0 }, -1 },
			{ SYS_clock_nanosleep,
			  { CLOCK_MONOTONIC, 0, (long)&at_once },
			  -1 },
			{ SYS_kcmp, { getpid(), getpid(), KCMP_VM }, -1 },
			{ SYS_close, { fd }, -1 },
			{ SYS_munmap, { 1 }, -1 },
			{ SYS_clock_gettime, { CLOCK_MONOTONIC, (long)&at_once }, -1 },
			{ SYS_futex, { (long)&word, FUTEX_WAIT_PRIVATE, 2, 0 }, -1 },
			{ SYS_openat, { AT_FDCWD, (long)"/", LISTING }, -1 },
			{ SYS_getdents64, { -1 }, -1 },
		} });
	assert_int_equal(tries[0].result, getpid());
	assert_int_not_equal(tries[1].result, -EPERM);
	assert_int_equal(tries[2].result, -EBADF);
	assert_true(tries[3].result == 0 || tries[3].result == -ENOSYS);
	assert_int_equal(tries[4].result, 0);
	assert_true(tries[5].result == 0 || tries[5].result == -ENOSYS);
	assert_int_equal(tries[6].result, 0);
	assert_int_equal(tries[7].result, -EINVAL);
	assert_int_equal(tries[8].result, 0);
	assert_int_equal(tries[9].result, -EAGAIN);
	assert_true(tries[10].result >= 0);
	assert_int_equal(tries[11].result, -EBADF);
}

static void assert_all_refused(const struct bare *bare)
{
	const struct bare_try *tries = run(bare);

	for (int i = 0; i < bare->count; i++) {
		if (tries[i].result != -EPERM)
			fail_msg("call %ld, number %d: %ld", tries[i].number, i,
				 tries[i].result);
	}
}

static void a_sealed_undertaker_opens_nothing_but_directories_to_list(void **state)
{
	long path = (long)"/";

	(void)state;
	assert_all_refused(&(struct bare){
		.as = BARE_UNDERTAKER,
		.count = 8,
		.tries = { { SYS_openat, { AT_FDCWD, path, O_RDONLY | O_CLOEXEC }, -1 },
			   { SYS_openat, { AT_FDCWD, path, O_DIRECTORY }, -1 },
			   { SYS_openat, { AT_FDCWD, path, LISTING | O_PATH }, -1 },
			   { SYS_openat, { AT_FDCWD, path, LISTING | O_NOFOLLOW }, -1 },
			   { SYS_openat, { AT_FDCWD, path, LISTING | O_TMPFILE }, -1 },
			   { SYS_openat, { AT_FDCWD, path, SYS_close }, -1 },
			   { SYS_openat, { AT_FDCWD, path, SYS_getdents64 }, -1 },
			   { SYS_openat2, { AT_FDCWD, path, 0, 0 }, -1 } } });
}

/* None of these would fail with EPERM without a seal. */
#define REFUSED_TO_ALL                                                                   \
	{ SYS_openat, { AT_FDCWD, (long)"/dev/null", O_RDONLY }, -1 },                   \
		{ SYS_openat, { AT_FDCWD, (long)"/dev/null", O_WRONLY }, -1 },           \
		{ SYS_getpid, { 0 }, -1 }, { SYS_getuid, { 0 }, -1 },                    \
		{ SYS_kill, { getpid(), 0 }, -1 }, { SYS_dup, { 0 }, -1 },               \
		{ SYS_mmap, { 0, 4096, 1, 2 }, -1 }, { SYS_mprotect, { 0, 0, 0 }, -1 },  \
		{ SYS_socket, { AF_UNIX, SOCK_STREAM, 0 }, -1 },                         \
		{ SYS_execve, { (long)"/nowhere", 0, 0 }, -1 },                          \
		{ SYS_unlinkat, { AT_FDCWD, (long)"/nowhere", 0 }, -1 },                 \
		{ SYS_read, { -1, 0, 0 }, -1 }, { SYS_fcntl, { 0, F_GETFL }, -1 },       \
		{ SYS_prctl, { PR_GET_DUMPABLE }, -1 },                                  \
	{                                                                                \
		SYS_setresuid, { -1, -1, -1 }, -1                                        \
	}

static void a_sealed_hand_is_refused_everything_else(void **state)
{
	(void)state;
	assert_all_refused(&(struct bare){
		.as = BARE_HAND,
		.own_number = SYS_lseek,
		.count = 17,
		.tries = { REFUSED_TO_ALL,
			   { SYS_write, { -1, 0, 0 }, -1 },
			   { SYS_kcmp, { getpid(), getpid(), KCMP_VM }, -1 } } });
}

static void a_sealed_recorder_is_refused_everything_else(void **state)
{
	(void)state;
	assert_all_refused(&(struct bare){
		.as = BARE_RECORDER,
		.count = 20,
		.tries = { REFUSED_TO_ALL,
			   { SYS_munmap, { 0, 4096 }, -1 },
			   { SYS_statx, { 0 }, -1 },
			   { SYS_close, { -1 }, -1 },
			   { SYS_lseek, { 0, 0, 0 }, -1 },
			   { SYS_kcmp, { getpid(), getpid(), KCMP_VM }, -1 } } });
}

static void a_sealed_undertaker_is_refused_everything_else(void **state)
{
	(void)state;
	assert_all_refused(&(struct bare){ .as = BARE_UNDERTAKER,
					   .count = 18,
					   .tries = { REFUSED_TO_ALL,
						      { SYS_write, { -1, 0, 0 }, -1 },
						      { SYS_lseek, { 0, 0, 0 }, -1 },
						      { SYS_getsockopt, { -1 }, -1 } } });
}

static void a_call_of_another_abi_is_refused(void **state)
{
	(void)state;
#if defined(__x86_64__)
	assert_all_refused(
		&(struct bare){ .as = BARE_HAND,
				.own_number = SYS_lseek,
				.count = 2,
				.tries = { { X32 | SYS_clock_gettime, { -1 }, -1 },
					   { X32 | SYS_lseek, { -1 }, -1 } } });
#else
	unit_skip("this machine has no second ABI");
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_hand_makes_its_call),
		cmocka_unit_test(a_sealed_recorder_writes_and_sleeps),
		cmocka_unit_test(a_sealed_undertaker_makes_its_calls),
		cmocka_unit_test(
			a_sealed_undertaker_opens_nothing_but_directories_to_list),
		cmocka_unit_test(a_sealed_hand_is_refused_everything_else),
		cmocka_unit_test(a_sealed_recorder_is_refused_everything_else),
		cmocka_unit_test(a_sealed_undertaker_is_refused_everything_else),
		cmocka_unit_test(a_call_of_another_abi_is_refused),
	};

	return unit_run(tests);
}
