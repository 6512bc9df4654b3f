/* SPDX-License-Identifier: MIT */
/*
 * test_hand_endings.c - hand.h once more: when the number is free, who owns it, and what
 * becomes of a hand that nobody waits for.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fork.h"
#include "gate.h"
#include "hand.h"
#include "kin.h"
#include "lingering.h"
#include "refusal.h"
#include "task.h"
#include "unit.h"

#define SECOND (1000 * CF_MS)

static const struct cf_event event = {
	.call = "close", .class = "other", .name = "", .mount = "", .type = ""
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

static struct cf_order closing(int fd, int64_t deadline_ns)
{
	return order_of((struct cf_call){ SYS_close, { fd } }, deadline_ns);
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

static void law_4_an_expired_number_is_free_and_no_stranger_is_hit(void **state)
{
	struct lingering socket = lingering_make(60);
	struct cf_order order = closing(socket.fd, 50 * CF_MS);

	(void)state;
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_EXPIRED);
	unit_assert_took(outcome.waited_ns, 50, 60);
	int null = open("/dev/null", O_RDONLY);
	assert_int_equal(fcntl(null, F_DUPFD, socket.fd), socket.fd);
	struct cf_identity stranger = cf_identity_read(socket.fd);
	assert_int_equal(lingering_drain(&socket), socket.sent);
	assert_true(unit_await(is_nothing_slow, NULL, 5000));
	struct cf_identity after = cf_identity_read(socket.fd);
	assert_true(cf_identity_is_same(&after, &stranger));
}

/* Under a filter the hand might stand at the door of its call, not inside. */
static void law_4_what_is_not_certain_is_waited_for(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 50 * CF_MS);

	(void)state;
	refusal_of_call(SYS_swapon, EPERM);
	gate_open_late(&gate, 300);
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_FINISHED);
	assert_int_equal(outcome.result, 1);
	unit_assert_took(outcome.waited_ns, 290, 320);
}

static void law_4_a_free_number_is_certain_under_a_filter_too(void **state)
{
	struct lingering socket = lingering_make(60);
	struct cf_order order = closing(socket.fd, 50 * CF_MS);

	(void)state;
	refusal_of_call(SYS_swapon, EPERM);
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_EXPIRED);
	unit_assert_took(outcome.waited_ns, 50, 60);
	lingering_drain(&socket);
}

static void law_4_a_number_that_is_another_file_now_has_been_let_go(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 50 * CF_MS);

	(void)state;
	refusal_of_call(SYS_swapon, EPERM);
	order.identity.inode++; /* as if the pipe had come after the call */
	assert_int_equal(run(&order).ending, CF_EXPIRED);
	gate_open(&gate, 1);
}

static void a_hand_ended_before_it_freed_the_number_counts_as_none(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 20 * SECOND);

	(void)state;
	order.mount = &mount;
	kin_end_when_asleep(CF_ERRAND_TASK_NAME, SYS_read);
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_NO_HAND);
	unit_assert_took(outcome.waited_ns, 0, 1000);
	assert_int_equal(mount.hands, 0);
	assert_int_equal(*cf_hand_slow(), 0);
}

static void a_hand_ended_after_it_freed_the_number_counts_as_expired(void **state)
{
	(void)state;
	kin_end_when_asleep(CF_ERRAND_TASK_NAME,
			    SYS_close); /* before it could inherit ours */
	struct lingering socket = lingering_make(60);
	struct cf_order order = closing(socket.fd, 20 * SECOND);
	order.mount = &mount;
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_EXPIRED);
	unit_assert_took(outcome.waited_ns, 0, 1000);
	assert_int_equal(mount.hands, 0);
	assert_int_equal(*cf_hand_slow(), 0);
}

static bool is_lost_hand_found(void *argument)
{
	struct cf_task *task = cf_task_get();

	(void)argument;
	cf_task_put(task);
	return atomic_load(cf_hand_slow()) == 0;
}

static void an_abandoned_hand_that_was_ended_is_counted_out_later(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 50 * CF_MS);

	(void)state;
	order.mount = &mount;
	assert_int_equal(run(&order).ending, CF_EXPIRED);
	assert_int_equal(*cf_hand_slow(), 1);
	kin_end(CF_ERRAND_TASK_NAME);
	assert_true(unit_await(is_lost_hand_found, NULL, 5000));
	assert_int_equal(mount.hands, 0);
	assert_int_equal(mount.sick_ns, 50 * CF_MS);
}

/* As under a tracer whose filter hands calls over to it, when it is gone. */
static void a_call_that_the_kernel_does_not_know_is_left_to_the_caller(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), SECOND);

	(void)state;
	order.call.number = 4095;
	assert_int_equal(run(&order).ending, CF_NO_HAND);
}

static void a_lingering_sockets_hand_is_ended_and_the_kernel_delivers_all(void **state)
{
	struct lingering socket = lingering_make(60);
	struct cf_order order = closing(socket.fd, 50 * CF_MS);

	(void)state;
	order.is_ended = true;
	struct cf_outcome outcome = run(&order);
	assert_int_equal(outcome.ending, CF_EXPIRED);
	unit_assert_took(outcome.waited_ns, 50, 60);
	assert_int_equal(*cf_hand_slow(), 0);
	assert_int_equal(kin_count(getpid(), CF_ERRAND_TASK_NAME), 0);
	assert_int_equal(fcntl(socket.fd, F_GETFD), -1);
	assert_int_equal(lingering_drain(&socket), socket.sent);
}

static void a_mount_is_sick_from_an_expiry_until_a_hand_comes_back(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 200 * CF_MS);

	(void)state;
	order.mount = &mount;
	assert_int_equal(run(&order).ending, CF_EXPIRED);
	assert_int_equal(mount.sick_ns, 200 * CF_MS);
	assert_int_equal(mount.hands, 1);
	struct cf_outcome second = run(&order);
	assert_int_equal(second.ending, CF_EXPIRED);
	assert_in_range(second.waited_ns, 20 * CF_MS, 190 * CF_MS);
	assert_int_equal(mount.hands, 2);
	assert_int_equal(mount.shared_ns, 180 * CF_MS);
	gate_open(&gate, 2);
	assert_true(unit_await(is_nothing_slow, NULL, 5000));
	assert_int_equal(mount.sick_ns, 0);
	assert_int_equal(mount.hands, 0);
	assert_int_equal(mount.returns, 2);
}

static bool has_hand(void *argument)
{
	(void)argument;
	return atomic_load(&mount.hands) > 0;
}

static void *turn_sick(void *argument)
{
	if (unit_await(has_hand, NULL, 5000))
		cf_mounts_note_expired(&mount, 20 * SECOND, 20 * SECOND, 0);
	gate_open_late(argument, 100);
	return NULL;
}

static void whoever_waits_keeps_what_the_mount_has_granted(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 10 * SECOND);
	pthread_t thread;

	(void)state;
	order.mount = &mount;
	pthread_create(&thread, NULL, turn_sick, &gate);
	struct cf_outcome outcome = run(&order);
	pthread_join(thread, NULL);
	assert_int_equal(outcome.ending, CF_FINISHED);
	assert_int_equal(outcome.result, 1);
	assert_int_equal(mount.sick_ns, 0);
}

static void come_back_meanwhile(void)
{
	struct cf_order quick = order_of((struct cf_call){ SYS_lseek, { 0 } }, SECOND);

	quick.mount = &mount;
	assert_int_equal(run(&quick).ending, CF_FINISHED);
}

static void one_slow_file_among_others_that_close_makes_no_mount_sick(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order slow = order_of(gate_call(&gate), 100 * CF_MS);

	(void)state;
	slow.mount = &mount;
	slow.when_slow = come_back_meanwhile;
	assert_int_equal(run(&slow).ending, CF_EXPIRED);
	assert_int_equal(mount.returns, 1);
	assert_int_equal(mount.sick_ns, 0);
	assert_int_equal(cf_mounts_patience(&mount, 100 * CF_MS), 100 * CF_MS);
}

static pid_t parent;

static void fork_in_the_handler(int number)
{
	(void)number;
	fork();
}

static void wait_while_a_handler_forks(void)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 300 * CF_MS);
	struct sigaction action = { .sa_handler = fork_in_the_handler };
	struct itimerval once = { { 0, 0 }, { 0, 100000 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &once, NULL);
	struct cf_outcome outcome = run(&order);
	if (getpid() != parent) /* the hand is not the child's: the caller's turn */
		_exit(outcome.ending == CF_NO_HAND ? 0 : 1);
	assert_int_equal(outcome.ending, CF_EXPIRED);
}

static void law_9_a_child_forked_by_a_handler_in_the_wait_is_not_held(void **state)
{
	int status = -1;

	(void)state;
	parent = getpid();
	wait_while_a_handler_forks();
	assert_true(waitpid(-1, &status, 0) > 0);
	assert_int_equal(status, 0);
}

static void have_no_hands(void **state)
{
	(void)state;
	assert_int_equal(*cf_hand_slow(), 1);
	assert_true(cf_fork_on_child(cf_hand_after_fork));
	assert_true(cf_fork_settle());
	assert_int_equal(*cf_hand_slow(), 0);
}

static void law_9_a_forked_child_has_no_hands(void **state)
{
	struct gate gate = gate_shut();
	struct cf_order order = order_of(gate_call(&gate), 0);

	(void)state;
	assert_int_equal(run(&order).ending, CF_EXPIRED);
	unit_in_child(have_no_hands, NULL);
	assert_int_equal(*cf_hand_slow(), 1);
}

struct elsewhere {
	int fd;
	struct cf_outcome outcome;
};

static void close_by_hand(void *argument)
{
	struct elsewhere *elsewhere = argument;
	struct cf_order order = closing(elsewhere->fd, SECOND);

	elsewhere->outcome = run(&order);
}

static void law_9_a_hand_of_a_vfork_child_closes_in_the_childs_table(void **state)
{
	struct elsewhere elsewhere = { .fd = open("/dev/null", O_RDONLY),
				       .outcome.ending = CF_NO_HAND };

	(void)state;
	unit_in_vfork_child(close_by_hand, &elsewhere);
	assert_int_equal(elsewhere.outcome.ending, CF_FINISHED);
	assert_int_equal(elsewhere.outcome.result, 0);
	assert_int_not_equal(fcntl(elsewhere.fd, F_GETFD), -1);
}

#define ENDING_TEST(function) cmocka_unit_test_setup(function, given_a_beginning)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENDING_TEST(law_4_an_expired_number_is_free_and_no_stranger_is_hit),
		ENDING_TEST(law_4_what_is_not_certain_is_waited_for),
		ENDING_TEST(law_4_a_free_number_is_certain_under_a_filter_too),
		ENDING_TEST(law_4_a_number_that_is_another_file_now_has_been_let_go),
		ENDING_TEST(a_hand_ended_before_it_freed_the_number_counts_as_none),
		ENDING_TEST(a_hand_ended_after_it_freed_the_number_counts_as_expired),
		ENDING_TEST(an_abandoned_hand_that_was_ended_is_counted_out_later),
		ENDING_TEST(a_call_that_the_kernel_does_not_know_is_left_to_the_caller),
		ENDING_TEST(
			a_lingering_sockets_hand_is_ended_and_the_kernel_delivers_all),
		ENDING_TEST(a_mount_is_sick_from_an_expiry_until_a_hand_comes_back),
		ENDING_TEST(whoever_waits_keeps_what_the_mount_has_granted),
		ENDING_TEST(one_slow_file_among_others_that_close_makes_no_mount_sick),
		ENDING_TEST(law_9_a_forked_child_has_no_hands),
		ENDING_TEST(law_9_a_child_forked_by_a_handler_in_the_wait_is_not_held),
		ENDING_TEST(law_9_a_hand_of_a_vfork_child_closes_in_the_childs_table),
	};

	return unit_run(tests);
}
