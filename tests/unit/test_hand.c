/* SPDX-License-Identifier: MIT */
/*
 * test_hand.c - a call by another task, never waited for past an instant.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork.h"
#include "gate.h"
#include "hand.h"
#include "kin.h"
#include "parked_fds.h"
#include "refusal.h"
#include "task.h"
#include "unit.h"

#define SECOND (1000 * CF_MS)

static const struct cf_event event = {
	.call = "close",
	.class = "other",
	.handle = 7,
	.name = "/mnt/a",
	.mount = "/mnt",
	.type = "device",
	.deadline_ns = 50 * CF_MS,
};

static struct cf_mount mount;

static int given_a_beginning(void **state)
{
	(void)state;
	return cf_fork_begin() ? 0 : -1;
}

static struct cf_order order_of(struct cf_call call, int64_t deadline_ns)
{
	return (struct cf_order){
		.call = call,
		.identity = cf_identity_read((int)call.argument[0]),
		.deadline_ns = deadline_ns,
		.event = &event,
	};
}

static struct cf_outcome run(const struct cf_order *order)
{
	return cf_hand_run(order, cf_clock_after(order->deadline_ns));
}

static bool is_nothing_slow(void *argument)
{
	(void)argument;
	return atomic_load(cf_hand_slow()) == 0;
}

static void a_stuck_call_expires_at_its_instant(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 50 * CF_MS);

	(void)state;
	errno = EDOM;
	struct cf_outcome outcome = run(&order);
	assert_int_equal(errno, EDOM);
	assert_int_equal(outcome.ending, CF_EXPIRED);
	unit_assert_took(outcome.waited_ns, 50, 55);
	assert_int_equal(*cf_hand_slow(), 1);
	gate_open(&gate, 1);
	assert_true(unit_await(is_nothing_slow, NULL, 5000));
}

static void the_result_of_the_call_reaches_the_caller(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 20 * SECOND);

	(void)state;
	gate_open_late(&gate, 20);
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_FINISHED);
	assert_int_equal(outcome.result, 1);
	unit_assert_took(outcome.waited_ns, 10, 30);
	assert_int_equal(*cf_hand_slow(), 0);
	assert_int_equal(kin_count(getpid(), CF_ERRAND_TASK_NAME), 0);
}

static void the_error_of_the_call_reaches_the_caller_and_errno_stays(void **state)
{
	struct cf_order order = order_of((struct cf_call){ SYS_close, { -1 } }, SECOND);

	(void)state;
	errno = EINTR;
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_FINISHED);
	assert_int_equal(outcome.result, -EBADF);
	assert_int_equal(errno, EINTR);
}

static void the_hand_closes_the_callers_fd(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	struct cf_order order = order_of((struct cf_call){ SYS_close, { fd } }, SECOND);

	(void)state;
	assert_int_equal(run(&order).ending, CF_FINISHED);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_deadline_in_the_past_still_starts_the_call(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 0);

	(void)state;
	struct cf_outcome outcome = cf_hand_run(&order, cf_clock_now() - SECOND);
	assert_int_equal(outcome.ending, CF_EXPIRED);
	unit_assert_took(outcome.waited_ns, 0, 10);
	assert_int_equal(*cf_hand_slow(), 1);
	gate_open(&gate, 1);
	assert_true(unit_await(is_nothing_slow, NULL, 5000));
}

static void without_a_deadline_the_call_is_waited_for(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), CF_NEVER);

	(void)state;
	gate_open_late(&gate, 100);
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_FINISHED);
	unit_assert_took(outcome.waited_ns, 90, 120);
}

#define TRIES 50

static int companies;

static void get_company(void)
{
	companies++;
	assert_int_equal(*cf_hand_slow(), 1);
}

static void a_call_of_more_than_10_ms_gets_company_once_and_a_short_one_none(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order slow = order_of(gate_call(&gate), 100 * CF_MS);
	struct cf_order quick = order_of((struct cf_call){ SYS_lseek, { 0 } }, SECOND);

	(void)state;
	slow.when_slow = quick.when_slow = get_company;
	/* On a busy machine a short call may take long, but not every time. */
	for (int i = 0; i < TRIES && (i == 0 || companies > 0); i++) {
		companies = 0;
		assert_int_equal(run(&quick).ending, CF_FINISHED);
	}
	assert_int_equal(companies, 0);
	assert_int_equal(run(&slow).ending, CF_EXPIRED);
	assert_int_equal(companies, 1);
	assert_int_equal(*cf_hand_slow(), 1);
	gate_open(&gate, 1);
	assert_true(unit_await(is_nothing_slow, NULL, 5000));
}

static void nothing(int number)
{
	(void)number;
}

static void signals_do_not_move_the_instant(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 200 * CF_MS);
	struct sigaction action = { .sa_handler = nothing };
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	struct cf_outcome outcome = run(&order);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(outcome.ending, CF_EXPIRED);
	unit_assert_took(outcome.waited_ns, 200, 210);
}

static void expire_after_a_second(void **state)
{
	struct gate *gate = *state;
	struct cf_order order = order_of(gate_call(gate), 1000 * CF_MS);

	assert_true(cf_fork_on_child(cf_hand_after_fork));
	assert_true(cf_fork_settle());
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_EXPIRED);
	unit_assert_took(outcome.waited_ns, 1550, 1650);
}

/* Stops its parent's other child, which has just started a hand, for 600 ms. */
static void stop_for_a_while(void)
{
	pid_t parent = getpid(), stopper = fork();

	assert_true(stopper != -1);
	if (stopper != 0)
		return;
	for (;;) {
		pid_t child = kin_find(parent, "unit_hand");

		if (child == getpid() || !child ||
		    !kin_find(child, CF_ERRAND_TASK_NAME)) {
			unit_pass(1);
			continue;
		}
		unit_pass(50); /* well into the wait */
		kill(child, SIGSTOP);
		unit_pass(600);
		kill(child, SIGCONT);
		_exit(0);
	}
}

static void time_stands_still_while_the_process_is_stopped(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	stop_for_a_while();
	unit_in_child(expire_after_a_second, &gate);
}

static void a_refused_clone_leaves_the_call_to_the_caller(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	struct cf_order order = order_of((struct cf_call){ SYS_close, { fd } }, SECOND);

	(void)state;
	order.mount = &mount;
	refusal_of_call(SYS_clone, EPERM);
	errno = EDOM;
	assert_int_equal(run(&order).ending, CF_NO_HAND);
	assert_int_equal(errno, EDOM);
	assert_int_equal(mount.hands, 0);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
}

static void too_many_processes_leave_the_call_to_the_caller(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	struct rlimit none = { 0, RLIM_INFINITY }, before;
	struct cf_order order = order_of((struct cf_call){ SYS_close, { fd } }, SECOND);

	(void)state;
	unit_drop_privileges();
	getrlimit(RLIMIT_NPROC, &before);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NPROC, &none), 0);
	assert_int_equal(run(&order).ending, CF_NO_HAND);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(setrlimit(RLIMIT_NPROC, &before), 0);
	assert_int_equal(run(&order).ending, CF_FINISHED);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void without_memory_the_call_is_left_to_the_caller(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	struct cf_order order = order_of((struct cf_call){ SYS_close, { fd } }, SECOND);

	(void)state;
	order.mount = &mount;
	refusal_of_memory();
	struct cf_outcome outcome = run(&order);
	refusal_ends();
	assert_int_equal(outcome.ending, CF_NO_HAND);
	assert_int_equal(mount.hands, 0);
}

static void a_hand_does_not_become_the_init_of_a_namespace(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	struct cf_order order = order_of((struct cf_call){ SYS_close, { fd } }, SECOND);

	(void)state;
	if (unshare(CLONE_NEWPID) == -1)
		unit_skip("no right to make a pid namespace");
	assert_int_equal(run(&order).ending, CF_NO_HAND);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
}

/* With no deadline to wait for, every mount is as good as sick. */
static void a_sick_mount_has_at_most_60_hands_and_parks_what_is_beyond(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 0);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	order.mount = &mount;
	for (int i = 0; i < CF_HAND_MOST_ON_MOUNT; i++)
		assert_int_equal(run(&order).ending, CF_EXPIRED);
	assert_int_equal(mount.hands, 60);
	order = order_of((struct cf_call){ SYS_close, { fd } }, 0);
	order.mount = &mount;
	errno = EDOM;
	assert_int_equal(run(&order).ending, CF_PARKED);
	assert_int_equal(errno, EDOM);
	assert_int_equal(mount.hands, 60);
	assert_int_equal(fcntl(fd, F_GETFD), 0); /* an exec would close it, and hang */
	assert_non_null(cf_parked_fds_find(fd));
	gate_open(&gate, 60);
	assert_true(unit_await(is_nothing_slow, NULL, 5000));
	assert_int_equal(mount.hands, 0);
	assert_false(cf_parked_fds_any());
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_mount_that_has_let_nothing_expire_has_as_many_as_are_wanted(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), SECOND);

	(void)state;
	order.mount = &mount;
	atomic_store(&mount.hands, CF_HAND_MOST_ON_MOUNT);
	gate_open(&gate, 1);
	assert_int_equal(run(&order).ending, CF_FINISHED);
	assert_int_equal(mount.hands, CF_HAND_MOST_ON_MOUNT);
}

#define HAND_TEST(function) cmocka_unit_test_setup(function, given_a_beginning)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HAND_TEST(a_stuck_call_expires_at_its_instant),
		HAND_TEST(the_result_of_the_call_reaches_the_caller),
		HAND_TEST(the_error_of_the_call_reaches_the_caller_and_errno_stays),
		HAND_TEST(the_hand_closes_the_callers_fd),
		HAND_TEST(a_deadline_in_the_past_still_starts_the_call),
		HAND_TEST(without_a_deadline_the_call_is_waited_for),
		HAND_TEST(
			a_call_of_more_than_10_ms_gets_company_once_and_a_short_one_none),
		HAND_TEST(signals_do_not_move_the_instant),
		HAND_TEST(time_stands_still_while_the_process_is_stopped),
		HAND_TEST(a_refused_clone_leaves_the_call_to_the_caller),
		HAND_TEST(too_many_processes_leave_the_call_to_the_caller),
		HAND_TEST(without_memory_the_call_is_left_to_the_caller),
		HAND_TEST(a_hand_does_not_become_the_init_of_a_namespace),
		HAND_TEST(a_sick_mount_has_at_most_60_hands_and_parks_what_is_beyond),
		HAND_TEST(a_mount_that_has_let_nothing_expire_has_as_many_as_are_wanted),
	};

	return unit_run(tests);
}
