/* SPDX-License-Identifier: MIT */
/*
 * test_whole.c - cleanup.h once more, with nothing doubled: all floors together, over
 * what every machine has.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "events.h"
#include "fork.h"
#include "hand.h"
#include "kin.h"
#include "lingering.h"
#include "recorded.h"
#include "refusal.h"
#include "task.h"
#include "unit.h"

static struct cf_policy policy;

static int given_a_beginning(void **state)
{
	(void)state;
	cf_policy_defaults(&policy);
	policy.deadline_ns[CF_CLASS_SOCKET] = 100 * CF_MS;
	cf_events_begin(unit_path("events"), NULL);
	cf_cleanup_begin(&policy);
	return cf_fork_begin() ? 0 : -1;
}

static int given_a_device(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd == -1)
		unit_skip("no /dev/fuse to take for a device that may hang");
	return fd;
}

static const char *events(void)
{
	return recorded_lines(unit_path("events"), 1);
}

static bool is_free(void *fd)
{
	return fcntl(*(int *)fd, F_GETFD) == -1;
}

static void law_7_success_leaves_errno_alone_and_failure_is_the_real_one(void **state)
{
	int ends[2], device = given_a_device();

	(void)state;
	assert_int_equal(pipe(ends), 0);
	errno = EDOM;
	assert_int_equal(cf_cleanup_fd(ends[0]), 0);
	assert_int_equal(cf_cleanup_fd(device), 0);
	assert_int_equal(errno, EDOM);
	assert_true(unit_await(is_free, &ends[0], 5000)); /* of a late clerk, too */
	assert_true(unit_await(is_free, &device, 5000));
	assert_non_null(strstr(events(), "\"finished\""));
}

static void law_8_ebadf_stays_ebadf(void **state)
{
	int device = given_a_device();

	(void)state;
	assert_int_equal(cf_cleanup_fd(device), 0);
	errno = EDOM;
	assert_int_equal(cf_cleanup_fd(device), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(cf_cleanup_fd(-1), -1);
	assert_int_equal(errno, EBADF);
}

static void *close_when_cancelled(void *fd)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	cf_cleanup_fd(*(int *)fd);
	return NULL;
}

static void law_8_a_thread_cancelled_before_has_closed_nothing(void **state)
{
	int device = given_a_device();
	pthread_t thread;
	void *result;

	(void)state;
	pthread_create(&thread, NULL, close_when_cancelled, &device);
	pthread_join(thread, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_not_equal(fcntl(device, F_GETFD), -1);
}

static void *close_open_to_cancelling_at_any_time(void *fd)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	cf_cleanup_fd(*(int *)fd);
	pthread_testcancel();
	return NULL;
}

static bool has_hand(void *argument)
{
	(void)argument;
	return kin_find(getpid(), "curfew-hand") != 0;
}

static void law_8_a_thread_cancelled_during_the_call_goes_afterwards(void **state)
{
	struct lingering socket = lingering_make(60);
	pthread_t thread;
	void *result;

	(void)state;
	policy.deadline_ns[CF_CLASS_SOCKET] = 500 * CF_MS;
	pthread_create(&thread, NULL, close_open_to_cancelling_at_any_time, &socket.fd);
	assert_true(unit_await(has_hand, NULL, 5000));
	pthread_cancel(thread);
	pthread_join(thread, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_non_null(strstr(events(), "\"ending\":\"expired\""));
	assert_int_equal(fcntl(socket.fd, F_GETFD), -1);
	assert_int_equal(kin_count(getpid(), "curfew-hand"), 0);
}

static void law_1_without_clone_a_close_that_may_hang_is_the_plain_one(void **state)
{
	int device = given_a_device();

	(void)state;
	refusal_of_call(SYS_clone, EPERM);
	errno = EDOM;
	assert_int_equal(cf_cleanup_fd(device), 0);
	assert_int_equal(errno, EDOM);
	assert_int_equal(fcntl(device, F_GETFD), -1);
}

static void law_1_without_memory_a_close_that_may_hang_is_the_plain_one(void **state)
{
	int device = given_a_device();

	(void)state;
	refusal_of_memory();
	int result = cf_cleanup_fd(device);
	refusal_ends();
	assert_int_equal(result, 0);
	assert_int_equal(fcntl(device, F_GETFD), -1);
}

static void close_in_vfork_child(void *device)
{
	cf_cleanup_fd(*(int *)device);
}

static void law_9_what_a_vfork_child_closes_its_parent_keeps(void **state)
{
	int device = given_a_device();

	(void)state;
	unit_in_vfork_child(close_in_vfork_child, &device);
	assert_int_not_equal(fcntl(device, F_GETFD), -1);
	assert_int_equal(cf_cleanup_fd(device), 0);
}

static void close_a_lingering_socket(void)
{
	struct lingering socket = lingering_make(60);
	cf_instant began = cf_clock_now();

	errno = EDOM;
	assert_int_equal(cf_cleanup_fd(socket.fd), 0);
	unit_assert_took(cf_clock_now() - began, 100, 150);
	assert_int_equal(errno, EDOM);
	assert_int_equal(lingering_drain(&socket), socket.sent);
	close(socket.peer);
}

static void a_lingering_socket_is_let_go_and_its_peer_gets_every_byte(void **state)
{
	(void)state;
	close_a_lingering_socket();
	assert_non_null(strstr(events(), "\"class\":\"socket\""));
	assert_non_null(strstr(events(), "\"ending\":\"expired\""));
	assert_int_equal(kin_count(getpid(), "curfew-hand"), 0);
}

/* What belongs to the host. */
struct host {
	char cwd[256];
	mode_t mask;
	unsigned char blocked[8], actions[64][32]; /* as the kernel has them */
	char *environment[256];
	int fds;
	char locale[64];
};

static void look_at_host(struct host *host)
{
	memset(host, 0, sizeof(*host));
	assert_non_null(getcwd(host->cwd, sizeof(host->cwd)));
	host->mask = umask(0);
	umask(host->mask);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, host->blocked, 8);
	for (int i = 1; i < 64; i++)
		syscall(SYS_rt_sigaction, i, NULL, host->actions[i], 8);
	for (int i = 0; i < 255 && environ[i]; i++)
		host->environment[i] = environ[i];
	host->fds = unit_count_fds();
	snprintf(host->locale, sizeof(host->locale), "%s", setlocale(LC_ALL, NULL));
}

static bool has_so_many_fds(void *count)
{
	return unit_count_fds() == *(int *)count;
}

static void law_11_the_host_is_left_as_it_was(void **state)
{
	static struct host before, after;
	int device = given_a_device();

	(void)state;
	close_a_lingering_socket();
	look_at_host(&before);
	close_a_lingering_socket();
	assert_int_equal(cf_cleanup_fd(device), 0);
	before.fds--;
	unit_await(has_so_many_fds, &before.fds, 5000); /* a clerk may be late */
	look_at_host(&after);
	assert_memory_equal(&before, &after, sizeof(before));
}

static void *close_again_and_again(void *argument)
{
	for (int i = 0; i < 200; i++) {
		int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);

		if (device == -1 || cf_cleanup_fd(device) == -1)
			return argument;
	}
	return NULL;
}

static void threads_close_at_once_and_never_anothers_number(void **state)
{
	pthread_t threads[4];
	void *failed;

	(void)state;
	close(given_a_device());
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, close_again_and_again, threads);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(*cf_hand_slow(), 0);
}

#define WHOLE_TEST(function) cmocka_unit_test_setup(function, given_a_beginning)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WHOLE_TEST(law_7_success_leaves_errno_alone_and_failure_is_the_real_one),
		WHOLE_TEST(law_8_ebadf_stays_ebadf),
		WHOLE_TEST(law_8_a_thread_cancelled_before_has_closed_nothing),
		WHOLE_TEST(law_8_a_thread_cancelled_during_the_call_goes_afterwards),
		WHOLE_TEST(law_1_without_clone_a_close_that_may_hang_is_the_plain_one),
		WHOLE_TEST(law_1_without_memory_a_close_that_may_hang_is_the_plain_one),
		WHOLE_TEST(law_9_what_a_vfork_child_closes_its_parent_keeps),
		WHOLE_TEST(a_lingering_socket_is_let_go_and_its_peer_gets_every_byte),
		WHOLE_TEST(law_11_the_host_is_left_as_it_was),
		WHOLE_TEST(threads_close_at_once_and_never_anothers_number),
	};

	return unit_run(tests);
}
