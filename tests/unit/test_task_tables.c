/* SPDX-License-Identifier: MIT */
/*
 * test_task_tables.c - task.h once more: in whose fd table a task works.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "errand.h"
#include "task.h"
#include "unit.h"

#define SECOND (1000 * CF_MS)

static int given_a_beginning(void **state)
{
	(void)state;
	return 0;
}

static struct cf_errand *prepare(struct cf_task *task, struct cf_call call)
{
	struct cf_errand *errand = task->room;

	memset(errand, 0, sizeof(*errand));
	errand->call = call;
	return errand;
}

static void a_task_may_have_a_copy_of_the_table(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	struct cf_task *task = cf_task_get();

	(void)state;
	struct cf_errand *errand = prepare(task, (struct cf_call){ SYS_close, { fd } });
	assert_int_equal(cf_task_start(task, cf_errand_run, CF_TASK_COPIES_FDS), 0);
	assert_true(cf_task_wait(task, 5 * SECOND));
	cf_task_reap(task);
	assert_int_equal(errand->result, 0);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1);
}

struct elsewhere {
	int fd;
	long result;
};

static void close_in_a_task(void *argument)
{
	struct elsewhere *elsewhere = argument;
	struct cf_task *task = cf_task_get();

	prepare(task, (struct cf_call){ SYS_close, { elsewhere->fd } });
	if (cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS) == 0 &&
	    cf_task_wait(task, 5 * SECOND))
		elsewhere->result = ((struct cf_errand *)task->room)->result;
	cf_task_reap(task);
	cf_task_put(task);
}

static void law_9_a_task_of_a_vfork_child_works_in_the_childs_table(void **state)
{
	struct elsewhere elsewhere = { open("/dev/null", O_RDONLY), -1 };

	(void)state;
	unit_in_vfork_child(close_in_a_task, &elsewhere);
	assert_int_equal(elsewhere.result, 0);
	assert_int_not_equal(fcntl(elsewhere.fd, F_GETFD), -1);
}

static void *close_in_a_table_of_its_own(void *argument)
{
	if (unshare(CLONE_FILES) == 0)
		close_in_a_task(argument);
	return NULL;
}

static void a_task_of_a_thread_with_its_own_table_works_in_that(void **state)
{
	struct elsewhere elsewhere = { open("/dev/null", O_RDONLY), -1 };
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, close_in_a_table_of_its_own, &elsewhere);
	pthread_join(thread, NULL);
	assert_int_equal(elsewhere.result, 0);
	assert_int_not_equal(fcntl(elsewhere.fd, F_GETFD), -1);
}

#define TABLE_TEST(function) cmocka_unit_test_setup(function, given_a_beginning)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(a_task_may_have_a_copy_of_the_table),
		TABLE_TEST(law_9_a_task_of_a_vfork_child_works_in_the_childs_table),
		TABLE_TEST(a_task_of_a_thread_with_its_own_table_works_in_that),
	};

	return unit_run(tests);
}
