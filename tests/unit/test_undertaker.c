/* SPDX-License-Identifier: MIT */
/*
 * test_undertaker.c - nothing of a program is kept by its stuck hand once it is gone,
 * and nothing is taken from it before.
 *
 * The undertaker looks every 10 ms; a table is watched here for SEVERAL_LOOKS.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare_task.h"
#include "fuse.h"
#include "hand.h"
#include "program.h"
#include "refusal.h"
#include "task.h"
#include "undertaker.h"
#include "unit.h"

#define SEVERAL_LOOKS 100
#define LET_GO_MS     (50 + (int)UNIT_SLACK_MS)

static void leave_at_once(struct program *program)
{
	(void)program;
	_exit(7);
}

static void stay(struct program *program)
{
	(void)program;
	for (;;)
		pause();
}

static void the_pipe_of_a_program_that_has_left_ends(void **state)
{
	struct program program = program_start(leave_at_once);

	(void)state;
	assert_true(program_has_let_go(&program, LET_GO_MS));
	assert_int_equal(WEXITSTATUS(program_end(&program)), 7);
}

static void the_pipe_of_a_program_that_was_killed_ends(void **state)
{
	struct program program = program_start(stay);

	(void)state;
	assert_false(program_has_let_go(&program, SEVERAL_LOOKS));
	assert_int_equal(kill(program.pid, SIGKILL), 0);
	assert_true(program_has_let_go(&program, LET_GO_MS));
	program_end(&program);
}

long __real_cf_task_start(struct cf_task *task, void (*run)(void *),
			  enum cf_task_fds fds);
long __wrap_cf_task_start(struct cf_task *task, void (*run)(void *),
			  enum cf_task_fds fds);

static bool begins_late; /* whoever is started from now on */

long __wrap_cf_task_start(struct cf_task *task, void (*run)(void *), enum cf_task_fds fds)
{
	if (!begins_late)
		return __real_cf_task_start(task, run, fds);
	bare_late_work = run;
	return __real_cf_task_start(task, bare_run_late, fds);
}

static int input[2]; /* for the cat that a program becomes: it ends with its input */

static void become_cat(struct program *program)
{
	int kept = dup(program->kept); /* without O_CLOEXEC: cat's own */

	if (dup2(input[0], 0) == 0 && dup2(kept, 1) == 1 && close(kept) == 0 &&
	    close(input[1]) == 0)
		execlp("cat", "cat", NULL);
}

static void become_cat_without_the_pipe(struct program *program)
{
	(void)program;
	if (dup2(input[0], 0) == 0 && close(input[1]) == 0)
		execlp("cat", "cat", NULL);
}

static void a_pipe_that_exec_closes_ends_while_the_new_program_runs(void **state)
{
	(void)state;
	assert_int_equal(pipe(input), 0);
	struct program program = program_start(become_cat_without_the_pipe);
	assert_true(program_has_let_go(&program, LET_GO_MS));
	assert_true(program_runs(&program));
	close(input[1]);
	assert_int_equal(program_end(&program), 0);
}

static void become_cat_before_the_undertaker_begins(struct program *program)
{
	if (!program_get_stuck(program))
		_exit(5);
	begins_late = true;
	cf_undertaker_watch(cf_hand_slow());
	become_cat_without_the_pipe(program);
}

static void an_exec_before_the_undertaker_has_begun_is_noticed_too(void **state)
{
	(void)state;
	assert_int_equal(pipe(input), 0);
	struct program program =
		program_start_free(become_cat_before_the_undertaker_begins);
	bool let_go = program_has_let_go(&program, 200 + LET_GO_MS);
	close(input[1]);
	assert_int_equal(program_end(&program), 0);
	assert_true(let_go);
}

static void a_pipe_of_the_new_program_is_its_own_and_ends_with_it(void **state)
{
	(void)state;
	assert_int_equal(pipe(input), 0);
	struct program program = program_start(become_cat);
	assert_false(program_has_let_go(&program, SEVERAL_LOOKS));
	assert_int_equal(write(input[1], "x", 1), 1);
	assert_true(program_has_told(&program, 5000));
	close(input[1]);
	assert_true(program_has_let_go(&program, LET_GO_MS));
	assert_int_equal(program_end(&program), 0);
}

static void *tell_after_several_looks(void *argument)
{
	unit_pass(SEVERAL_LOOKS);
	program_tell(argument);
	stay(argument);
	return NULL;
}

/* The first thread ends, its table lives on in the others. */
static void leave_it_to_a_thread(struct program *program)
{
	pthread_t thread;

	pthread_create(&thread, NULL, tell_after_several_looks, program);
	pthread_exit(NULL);
}

static void a_program_whose_first_thread_has_ended_keeps_its_table(void **state)
{
	struct program program = program_start(leave_it_to_a_thread);

	(void)state;
	assert_true(program_has_told(&program, 5000));
	assert_false(program_has_let_go(&program, SEVERAL_LOOKS));
	assert_int_equal(kill(program.pid, SIGKILL), 0);
	assert_true(program_has_let_go(&program, LET_GO_MS));
	program_end(&program);
}

static void unshare_the_first_threads_table(struct program *program)
{
	pthread_t thread;

	pthread_create(&thread, NULL, tell_after_several_looks, program);
	if (unshare(CLONE_FILES) == 0 && close(program->kept) == 0)
		stay(program);
}

static void a_table_that_the_first_thread_has_left_stays_the_programs(void **state)
{
	struct program program = program_start(unshare_the_first_threads_table);

	(void)state;
	assert_true(program_has_told(&program, 5000));
	assert_false(program_has_let_go(&program, SEVERAL_LOOKS));
	assert_int_equal(kill(program.pid, SIGKILL), 0);
	assert_true(program_has_let_go(&program, LET_GO_MS));
	program_end(&program);
}

static void *get_stuck_and_tell(void *argument)
{
	if (unshare(CLONE_FILES) == 0 && program_get_watched(argument))
		program_tell(argument);
	stay(argument);
	return NULL;
}

static void get_stuck_in_a_thread_with_its_own_table(struct program *program)
{
	pthread_t thread;

	pthread_create(&thread, NULL, get_stuck_and_tell, program);
	stay(program);
}

static void a_table_of_a_thread_of_its_own_stays_the_programs_too(void **state)
{
	struct program program =
		program_start_free(get_stuck_in_a_thread_with_its_own_table);

	(void)state;
	assert_true(program_has_told(&program, 5000));
	assert_false(program_has_let_go(&program, SEVERAL_LOOKS));
	assert_int_equal(kill(program.pid, SIGKILL), 0);
	assert_true(program_has_let_go(&program, LET_GO_MS));
	program_end(&program);
}

static struct wedge_control *orders;

/* A file whose close hangs takes the lowest number, the pipe and a lock high ones. */
static void hold_what_may_hang(struct program *program)
{
	int file = open(unit_path("mount/file"), O_RDWR | O_CREAT, 0600);
	int lock = open(unit_path("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	orders->hang = 1 << WEDGE_FLUSH;
	if (dup3(file, 0, O_CLOEXEC) == 0 && fcntl(program->kept, F_DUPFD, 200) >= 200 &&
	    fcntl(lock, F_DUPFD, 201) >= 201 && flock(lock, LOCK_EX) == 0)
		_exit(7);
}

static bool is_unlocked(void *argument)
{
	return flock(*(int *)argument, LOCK_EX | LOCK_NB) == 0;
}

static bool does_flush_hang(void *argument)
{
	(void)argument;
	return orders->waiting[WEDGE_FLUSH] > 0;
}

static void what_cannot_hang_is_let_go_before_what_may(void **state)
{
	(void)state;
	unit_enter_private_mounts();
	assert_int_equal(mkdir(unit_path("mount"), 0755), 0);
	orders = fuse_mount(unit_path("mount"));
	int lock = open(unit_path("lock"), O_RDWR | O_CREAT, 0600);
	struct program program = program_start(hold_what_may_hang);
	bool let_go = program_has_let_go(&program, LET_GO_MS);
	bool unlocked = unit_await(is_unlocked, &lock, LET_GO_MS);
	bool hangs = unit_await(does_flush_hang, NULL, 5000);
	orders->hang = 0;
	assert_true(let_go);
	assert_true(unlocked);
	assert_true(hangs);
	assert_int_equal(WEXITSTATUS(program_end(&program)), 7);
}

static void leave_without_kcmp(struct program *program)
{
	if (!program_get_stuck(program))
		_exit(5);
	refusal_of_call(SYS_kcmp, EPERM);
	cf_undertaker_watch(cf_hand_slow());
	_exit(7);
}

static void where_nothing_can_be_compared_the_end_is_seen_still(void **state)
{
	struct program program = program_start_free(leave_without_kcmp);

	(void)state;
	assert_true(program_has_let_go(&program, LET_GO_MS));
	assert_int_equal(WEXITSTATUS(program_end(&program)), 7);
}

/* As in a namespace whose /proc is not there: then task.h cannot refuse. */
static void be_watched_from_another_namespace(struct program *program)
{
	refusal_of_call(SYS_readlinkat, ENOENT);
	if (unshare(CLONE_NEWPID) == -1)
		_exit(0);
	cf_undertaker_watch(cf_hand_slow());
	unit_pass(SEVERAL_LOOKS);
	program_tell(program);
	_exit(7);
}

static void what_cannot_be_told_to_be_gone_is_not_touched(void **state)
{
	struct program program = program_start_free(be_watched_from_another_namespace);

	(void)state;
	bool has_told = program_has_told(&program, 5000);
	int status = program_end(&program);
	if (status == 0)
		unit_skip("no new pid namespace");
	assert_true(has_told);
	assert_int_equal(WEXITSTATUS(status), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pipe_of_a_program_that_has_left_ends),
		cmocka_unit_test(the_pipe_of_a_program_that_was_killed_ends),
		cmocka_unit_test(a_pipe_that_exec_closes_ends_while_the_new_program_runs),
		cmocka_unit_test(an_exec_before_the_undertaker_has_begun_is_noticed_too),
		cmocka_unit_test(a_pipe_of_the_new_program_is_its_own_and_ends_with_it),
		cmocka_unit_test(a_program_whose_first_thread_has_ended_keeps_its_table),
		cmocka_unit_test(
			a_table_that_the_first_thread_has_left_stays_the_programs),
		cmocka_unit_test(a_table_of_a_thread_of_its_own_stays_the_programs_too),
		cmocka_unit_test(what_cannot_hang_is_let_go_before_what_may),
		cmocka_unit_test(where_nothing_can_be_compared_the_end_is_seen_still),
		cmocka_unit_test(what_cannot_be_told_to_be_gone_is_not_touched),
	};

	return unit_run(tests);
}
