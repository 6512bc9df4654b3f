/* SPDX-License-Identifier: MIT */
/*
 * test_errand.c - what a hand does, from its first instruction to its last.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "errand.h"
#include "gate.h"
#include "kin.h"
#include "task.h"
#include "unit.h"

#define SECOND (1000 * CF_MS)

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

static void start(struct cf_call call)
{
	errand->call = call;
	assert_int_equal(cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS), 0);
}

static void end(void)
{
	assert_true(cf_task_wait(task, 5 * SECOND));
	cf_task_reap(task);
}

static void abandon(void)
{
	assert_int_equal(atomic_exchange(&errand->state, CF_ERRAND_ABANDONED),
			 CF_ERRAND_UNDER_WAY);
}

static void the_result_of_the_call_is_told(void **state)
{
	(void)state;
	start((struct cf_call){ SYS_close, { -1 } });
	end();
	assert_int_equal(errand->state, CF_ERRAND_DONE);
	assert_int_equal(errand->result, -EBADF);
	assert_in_range(errand->ended_ns, errand->started_ns, cf_clock_now());
}

static void all_four_arguments_reach_the_kernel(void **state)
{
	char bytes[8] = "";
	int fd = open(unit_path("file"), O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(write(fd, "0123456789", 10), 10);
	start((struct cf_call){ SYS_pread64, { fd, (long)bytes, 3, 4 } });
	end();
	assert_int_equal(errand->result, 3);
	assert_string_equal(bytes, "456");
}

static void a_call_that_returns_is_counted_back_and_heals_its_mount(void **state)
{
	(void)state;
	start((struct cf_call){ SYS_close, { -1 } });
	end();
	assert_int_equal(under_way, 4);
	assert_int_equal(slow, 5); /* it was not counted as slow */
	assert_int_equal(returns, 6);
	assert_int_equal(sick_ns, 0);
}

static void a_slow_call_is_counted_once_and_back_when_it_returns(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	start(gate_call(&gate));
	cf_errand_count_slow(errand);
	cf_errand_count_slow(errand);
	assert_int_equal(slow, 6);
	assert_int_equal(under_way, 5);
	assert_int_equal(sick_ns, 77);
	gate_open(&gate, 1);
	end();
	assert_int_equal(slow, 5);
	cf_errand_count_slow(errand); /* too late */
	assert_int_equal(slow, 5);
}

static void counters_of_a_mount_may_be_missing(void **state)
{
	(void)state;
	errand->tally = (struct cf_tally){ .slow = &slow };
	errand->parked_fd = -1;
	start((struct cf_call){ SYS_close, { -1 } });
	end();
	assert_int_equal(errand->state, CF_ERRAND_DONE);
	assert_int_equal(errand->result, -EBADF);
}

static void an_abandoned_call_without_a_line_is_done_when_it_returns(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	start(gate_call(&gate));
	abandon();
	gate_open(&gate, 1);
	end();
	assert_int_equal(errand->state, CF_ERRAND_DONE);
	assert_true(cf_errand_is_over(errand));
	assert_int_equal(under_way, 4);
}

static void an_abandoned_call_with_a_line_waits_until_it_is_written(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	errand->late.path = "/some/file";
	start(gate_call(&gate));
	abandon();
	gate_open(&gate, 1);
	end();
	assert_int_equal(errand->state, CF_ERRAND_RETURNED);
	assert_int_equal(errand->result, 1);
	assert_false(cf_errand_is_over(errand));
	assert_int_equal(errand->state, CF_ERRAND_RETURNED);
	atomic_store(&errand->state, CF_ERRAND_DONE);
	assert_true(cf_errand_is_over(errand));
	assert_int_equal(under_way, 4);
}

static void a_hand_that_was_ended_is_counted_out_once_and_heals_nothing(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	start(gate_call(&gate));
	cf_errand_count_slow(errand);
	abandon();
	cf_task_end(task);
	end();
	assert_int_equal(errand->state, CF_ERRAND_ABANDONED);
	for (int i = 0; i < 2; i++) {
		assert_true(cf_errand_is_over(errand));
		assert_int_equal(errand->state, CF_ERRAND_DONE);
		assert_int_equal(under_way, 4);
		assert_int_equal(slow, 5);
		assert_int_equal(returns, 5);
		assert_int_equal(sick_ns, 77);
	}
}

static long compare(int type)
{
	return syscall(SYS_kcmp, getpid(), task->pid, type, 0, 0);
}

static bool is_named(void *argument)
{
	(void)argument;
	return strcmp(kin_status(task->pid, "Name"), CF_ERRAND_TASK_NAME) == 0;
}

static void a_hand_shares_memory_and_table_and_nothing_else(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	start(gate_call(&gate));
	if (compare(KCMP_VM) == -1)
		unit_skip("no kcmp() here");
	assert_true(unit_await(is_named, NULL, 5000));
	assert_int_equal(compare(KCMP_VM), 0);
	assert_int_equal(compare(KCMP_FILES), 0);
	assert_int_not_equal(compare(KCMP_FS), 0);
	assert_int_not_equal(compare(KCMP_SIGHAND), 0);
	assert_int_equal(getpgid(task->pid), task->pid);
	assert_string_equal(kin_status(task->pid, "Seccomp"), "0");
	gate_open(&gate, 1);
	end();
}

static bool is_sealed(void *argument)
{
	(void)argument;
	return strcmp(kin_status(task->pid, "Seccomp"), "2") == 0;
}

static void a_privileged_hand_seals_itself_before_its_call(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	errand->is_privileged = true;
	start(gate_call(&gate));
	assert_true(unit_await(is_sealed, NULL, 5000));
	assert_string_equal(kin_status(task->pid, "NoNewPrivs"), "1");
	gate_open(&gate, 1);
	end();
	assert_int_equal(errand->state, CF_ERRAND_DONE);
	assert_int_equal(errand->result, 1);
	assert_true(errand->ended_ns >= errand->started_ns);
}

#define ERRAND_TEST(function) cmocka_unit_test_setup(function, given_an_errand)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ERRAND_TEST(the_result_of_the_call_is_told),
		ERRAND_TEST(all_four_arguments_reach_the_kernel),
		ERRAND_TEST(a_call_that_returns_is_counted_back_and_heals_its_mount),
		ERRAND_TEST(a_slow_call_is_counted_once_and_back_when_it_returns),
		ERRAND_TEST(counters_of_a_mount_may_be_missing),
		ERRAND_TEST(an_abandoned_call_without_a_line_is_done_when_it_returns),
		ERRAND_TEST(an_abandoned_call_with_a_line_waits_until_it_is_written),
		ERRAND_TEST(a_hand_that_was_ended_is_counted_out_once_and_heals_nothing),
		ERRAND_TEST(a_hand_shares_memory_and_table_and_nothing_else),
		ERRAND_TEST(a_privileged_hand_seals_itself_before_its_call),
	};

	return unit_run(tests);
}
