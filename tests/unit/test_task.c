/* SPDX-License-Identifier: MIT */
/*
 * test_task.c - tasks that share memory and table but are no threads. What they run
 * here are errands: that is code which may run in one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "errand.h"
#include "gate.h"
#include "kin.h"
#include "refusal.h"
#include "task.h"
#include "unit.h"

#define MOST_TASKS 2048
#define SECOND	   (1000 * CF_MS)

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

static struct cf_task *start(struct cf_call call)
{
	struct cf_task *task = cf_task_get();

	assert_non_null(task);
	prepare(task, call);
	assert_int_equal(cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS), 0);
	return task;
}

static void end(struct cf_task *task)
{
	assert_true(cf_task_wait(task, 5 * SECOND));
	cf_task_reap(task);
	cf_task_put(task);
}

static void a_task_makes_its_call_in_our_fd_table_and_memory(void **state)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	errno = EDOM;
	struct cf_task *task = start((struct cf_call){ SYS_close, { fd } });
	struct cf_errand *errand = task->room;
	end(task);
	assert_int_equal(errno, EDOM);
	assert_int_equal(errand->state, CF_ERRAND_DONE);
	assert_int_equal(errand->result, 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static int count_threads(void)
{
	DIR *threads = opendir("/proc/self/task");
	int count = 0;

	while (threads && readdir(threads))
		count++;
	closedir(threads);
	return count - 2; /* . and .. */
}

static void a_task_is_no_thread_and_no_child_that_wait_sees(void **state)
{
	struct gate gate = gate_shut();
	int threads = count_threads(), status;

	(void)state;
	struct cf_task *task = start(gate_call(&gate));
	assert_int_equal(count_threads(), threads);
	assert_int_equal(waitpid(-1, &status, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	gate_open(&gate, 1);
	assert_true(cf_task_wait(task, 5 * SECOND));
	assert_int_equal(waitpid(-1, &status, WNOHANG), -1);
	int pid = task->pid;
	end(task);
	assert_int_equal(waitpid(pid, &status, __WALL | WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_task_takes_no_signal_and_its_starter_all_that_it_took(void **state)
{
	struct gate gate = gate_shut();
	sigset_t mine, before, after;

	(void)state;
	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR2);
	sigprocmask(SIG_SETMASK, &mine, NULL);
	sigprocmask(SIG_SETMASK, NULL, &before);
	struct cf_task *task = start(gate_call(&gate));
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_memory_equal(&before, &after, 8);
	/* all but SIGKILL and SIGSTOP, which nobody can block */
	assert_string_equal(kin_status(task->pid, "SigBlk"), "fffffffffffbfeff");
	assert_int_equal(kill(task->pid, SIGTERM), 0);
	gate_open(&gate, 1);
	end(task);
	assert_int_equal(((struct cf_errand *)task->room)->result, 1);
}

static void a_wait_ends_at_its_length(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	struct cf_task *task = start(gate_call(&gate));
	assert_false(cf_task_is_gone(task));
	assert_false(cf_task_wait(task, 0));
	cf_instant began = cf_clock_now();
	assert_false(cf_task_wait(task, 50 * CF_MS));
	unit_assert_took(cf_clock_now() - began, 50, 60);
	gate_open(&gate, 1);
	end(task);
	assert_true(cf_task_is_gone(task));
}

static void ignore(int number)
{
	(void)number;
}

static void a_signal_ends_a_wait_early(void **state)
{
	struct gate gate = gate_shut();
	struct sigaction action = { .sa_handler = ignore };
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };

	(void)state;
	struct cf_task *task = start(gate_call(&gate));
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	cf_instant began = cf_clock_now();
	assert_false(cf_task_wait(task, 20 * SECOND));
	unit_assert_took(cf_clock_now() - began, 0, 100);
	setitimer(ITIMER_REAL, &never, NULL);
	gate_open(&gate, 1);
	end(task);
}

static void a_task_can_be_ended(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	struct cf_task *task = start(gate_call(&gate));
	cf_task_end(task);
	end(task);
	assert_int_equal(((struct cf_errand *)task->room)->state, CF_ERRAND_UNDER_WAY);
	cf_task_end(task); /* nobody else is hit */
}

static void *asked_room;
static int times_asked;
static bool answer;

static bool is_over(void *room)
{
	asked_room = room;
	times_asked++;
	return answer;
}

static bool is_gone(void *task)
{
	return cf_task_is_gone(task);
}

/* Take a task and give it back; it is the first that is free. */
static struct cf_task *first_free(void)
{
	struct cf_task *task = cf_task_get();

	assert_non_null(task);
	cf_task_put(task);
	return task;
}

static bool is_first_free(void *task)
{
	return first_free() == task;
}

static void a_left_task_keeps_its_slot_until_it_is_gone_and_over(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	struct cf_task *left = start(gate_call(&gate));
	pid_t pid = left->pid;
	cf_task_leave(left, is_over);
	assert_ptr_not_equal(first_free(), left);
	assert_int_equal(times_asked, 0);
	gate_open(&gate, 1);
	assert_true(unit_await(is_gone, left, 5000));
	assert_ptr_not_equal(first_free(), left);
	assert_int_equal(times_asked, 1);
	assert_ptr_equal(asked_room, left->room);
	answer = true;
	/* The zombie may be on its way still: then the slot is found a little later. */
	assert_true(unit_await(is_first_free, left, 5000));
	assert_int_equal(waitpid(pid, NULL, __WALL | WNOHANG), -1);
	int asked = times_asked;
	assert_ptr_equal(first_free(), left);
	assert_int_equal(times_asked, asked);
}

static void a_left_task_whom_nobody_asks_for_is_over_when_it_is_gone(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	struct cf_task *left = start(gate_call(&gate));
	cf_task_leave(left, NULL);
	gate_open(&gate, 1);
	assert_true(unit_await(is_first_free, left, 5000));
}

static void at_most_2048_are_under_way(void **state)
{
	static struct cf_task *tasks[MOST_TASKS];

	(void)state;
	for (int i = 0; i < MOST_TASKS; i++) {
		tasks[i] = cf_task_get();
		assert_non_null(tasks[i]);
	}
	assert_null(cf_task_get());
	cf_task_put(tasks[MOST_TASKS / 2]);
	assert_ptr_equal(cf_task_get(), tasks[MOST_TASKS / 2]);
	assert_null(cf_task_get());
}

static void without_memory_there_is_no_task_and_later_there_is(void **state)
{
	(void)state;
	refusal_of_memory();
	struct cf_task *task = cf_task_get();
	refusal_ends();
	assert_null(task);
	assert_non_null(cf_task_get());
}

static void a_refused_clone_is_told(void **state)
{
	struct cf_task *task = cf_task_get();

	(void)state;
	refusal_of_call(SYS_clone, EPERM);
	prepare(task, (struct cf_call){ SYS_getpid, { 0 } });
	assert_int_equal(cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS), -EPERM);
	cf_task_put(task);
	assert_ptr_equal(cf_task_get(), task);
}

static void a_user_with_too_many_processes_gets_none(void **state)
{
	struct rlimit none = { 0, 0 };
	struct cf_task *task = cf_task_get();

	(void)state;
	unit_drop_privileges();
	assert_int_equal(setrlimit(RLIMIT_NPROC, &none), 0);
	prepare(task, (struct cf_call){ SYS_getpid, { 0 } });
	assert_int_equal(cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS), -EAGAIN);
}

static void start_one(bool is_made)
{
	struct cf_task *task = cf_task_get();

	prepare(task, (struct cf_call){ SYS_getpid, { 0 } });
	assert_int_equal(cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS),
			 is_made ? 0 : -EPERM);
	if (is_made)
		end(task);
	else
		cf_task_put(task);
}

static void start_one_in_the_child(void **state)
{
	(void)state;
	start_one(true);
}

static void where_children_are_born_in_another_pid_namespace_none_is_made(void **state)
{
	(void)state;
	start_one(true);
	if (unshare(CLONE_NEWPID) == -1)
		unit_skip("no new pid namespace");
	start_one(false);
	pid_t init = fork();
	if (init == 0) {
		for (;;)
			pause();
	}
	start_one(false);
	unit_in_child(start_one_in_the_child, NULL);
	assert_int_equal(kill(init, SIGKILL), 0);
	assert_int_equal(waitpid(init, NULL, 0), init);
	start_one(false);
}

static void get_the_first_task_again(void **state)
{
	struct cf_task *parents = *state;

	assert_true(cf_task_is_gone(parents));
	assert_false(cf_task_is_held(parents));
	assert_ptr_equal(cf_task_get(), parents);
}

static void law_9_a_forked_child_has_every_task_free(void **state)
{
	struct gate gate = gate_shut();

	(void)state;
	struct cf_task *task = start(gate_call(&gate));
	assert_true(cf_task_is_held(task));
	unit_in_child(get_the_first_task_again, task);
	assert_false(cf_task_is_gone(task));
	assert_ptr_not_equal(cf_task_get(), task);
	gate_open(&gate, 1);
	end(task);
}

#define TASK_TEST(function) cmocka_unit_test_setup(function, given_a_beginning)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TASK_TEST(a_task_makes_its_call_in_our_fd_table_and_memory),
		TASK_TEST(a_task_is_no_thread_and_no_child_that_wait_sees),
		TASK_TEST(a_task_takes_no_signal_and_its_starter_all_that_it_took),
		TASK_TEST(a_wait_ends_at_its_length),
		TASK_TEST(a_signal_ends_a_wait_early),
		TASK_TEST(a_task_can_be_ended),
		TASK_TEST(a_left_task_keeps_its_slot_until_it_is_gone_and_over),
		TASK_TEST(a_left_task_whom_nobody_asks_for_is_over_when_it_is_gone),
		TASK_TEST(at_most_2048_are_under_way),
		TASK_TEST(without_memory_there_is_no_task_and_later_there_is),
		TASK_TEST(a_refused_clone_is_told),
		TASK_TEST(a_user_with_too_many_processes_gets_none),
		TASK_TEST(where_children_are_born_in_another_pid_namespace_none_is_made),
		TASK_TEST(law_9_a_forked_child_has_every_task_free),
	};

	return unit_run(tests);
}
