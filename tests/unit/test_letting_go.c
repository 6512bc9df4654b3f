/* SPDX-License-Identifier: MIT */
/*
 * test_letting_go.c - when it is certain that a hand's close can hit no stranger.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "gate.h"
#include "kin.h"
#include "letting_go.h"
#include "refusal.h"
#include "task.h"
#include "unit.h"

#define LONG_ENOUGH 5000

static struct cf_task *hand;
static struct cf_call call;
static struct cf_identity identity;

/* A hand that is in its call, or about to be. */
static struct gate given_a_hand(void)
{
	static _Atomic int slow;
	struct gate gate = gate_shut();

	hand = cf_task_get();
	struct cf_errand *errand = hand->room;
	call = gate_call(&gate);
	identity = cf_identity_read(gate.fd);
	errand->call = call;
	errand->tally.slow = &slow;
	errand->parked_fd = -1;
	assert_int_equal(cf_task_start(hand, cf_errand_run, CF_TASK_SHARES_FDS), 0);
	return gate;
}

static bool is_certain(void *argument)
{
	(void)argument;
	return cf_letting_go_of_fd(hand->pid, &call, (int)call.argument[0], &identity);
}

static void a_hand_asleep_in_its_call_has_let_go(void **state)
{
	(void)state;
	given_a_hand();
	errno = EDOM;
	assert_true(unit_await(is_certain, NULL, LONG_ENOUGH));
	cf_letting_go_of_fd(hand->pid, &call, (int)call.argument[0], &identity);
	assert_int_equal(errno, EDOM);
}

static void a_hand_asleep_in_another_call_proves_nothing(void **state)
{
	struct cf_call asked;

	(void)state;
	given_a_hand();
	assert_true(unit_await(is_certain, NULL, LONG_ENOUGH));
	asked = call;
	asked.number = SYS_close;
	assert_false(cf_letting_go_of_fd(hand->pid, &asked, (int)asked.argument[0],
					 &identity));
	asked = call;
	asked.argument[0] = dup(call.argument[0]);
	assert_true(asked.argument[0] > call.argument[0]);
	assert_false(cf_letting_go_of_fd(hand->pid, &asked, (int)asked.argument[0],
					 &identity));
	assert_int_equal(dup2((int)call.argument[0], (int)call.argument[0] * 16),
			 call.argument[0] * 16); /* 0x3 is not 0x30 */
	asked.argument[0] = call.argument[0] * 16;
	assert_false(cf_letting_go_of_fd(hand->pid, &asked, (int)asked.argument[0],
					 &identity));
}

static void a_free_number_and_one_of_another_file_are_certain(void **state)
{
	struct cf_identity another;

	(void)state;
	given_a_hand();
	refusal_of_call(SYS_swapon, EPERM); /* so that sleep proves nothing */
	assert_false(
		cf_letting_go_of_fd(hand->pid, &call, (int)call.argument[0], &identity));
	another = identity;
	another.inode++;
	assert_true(
		cf_letting_go_of_fd(hand->pid, &call, (int)call.argument[0], &another));
	close((int)call.argument[0]);
	assert_true(
		cf_letting_go_of_fd(hand->pid, &call, (int)call.argument[0], &identity));
}

static void what_cannot_be_looked_at_is_not_certain(void **state)
{
	(void)state;
	given_a_hand();
	assert_true(unit_await(is_certain, NULL, LONG_ENOUGH));
	refusal_of_call(SYS_statx, ENOSYS);
	assert_false(
		cf_letting_go_of_fd(hand->pid, &call, (int)call.argument[0], &identity));
}

static void without_proc_sleep_proves_nothing(void **state)
{
	(void)state;
	given_a_hand();
	assert_true(unit_await(is_certain, NULL, LONG_ENOUGH));
	if (chroot(unit_path("")) == -1)
		unit_skip("no right to change the root");
	assert_false(
		cf_letting_go_of_fd(hand->pid, &call, (int)call.argument[0], &identity));
}

static void a_sleeper_that_is_no_hand_proves_nothing(void **state)
{
	int stranger;

	(void)state;
	struct gate gate = given_a_hand();
	assert_true(unit_await(is_certain, NULL, LONG_ENOUGH));
	stranger = fork();
	if (stranger == 0) {
		char byte;

		_exit(read(gate.fd, &byte, 1) == 1 ? 0 : 1);
	}
	assert_true(kin_await_asleep(stranger, SYS_read));
	assert_false(
		cf_letting_go_of_fd(stranger, &call, (int)call.argument[0], &identity));
}

/* A tracer could hold the hand at the door of its call. */
static void a_traced_sleeper_proves_nothing(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	given_a_hand();
	assert_true(unit_await(is_certain, NULL, LONG_ENOUGH));
	int pid = hand->pid; /* which a forked child finds wiped */
	pid_t tracer = fork();
	if (tracer == 0) {
		bool is_seized = ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;

		_exit(write(ready[1], is_seized ? "y" : "n", 1) == 1 ? pause() : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	if (byte != 'y')
		unit_skip("no right to trace");
	assert_false(
		cf_letting_go_of_fd(hand->pid, &call, (int)call.argument[0], &identity));
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
	assert_true(unit_await(is_certain, NULL, LONG_ENOUGH));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hand_asleep_in_its_call_has_let_go),
		cmocka_unit_test(a_hand_asleep_in_another_call_proves_nothing),
		cmocka_unit_test(a_free_number_and_one_of_another_file_are_certain),
		cmocka_unit_test(what_cannot_be_looked_at_is_not_certain),
		cmocka_unit_test(without_proc_sleep_proves_nothing),
		cmocka_unit_test(a_sleeper_that_is_no_hand_proves_nothing),
		cmocka_unit_test(a_traced_sleeper_proves_nothing),
	};

	return unit_run(tests);
}
