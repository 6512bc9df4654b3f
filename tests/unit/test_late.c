/* SPDX-License-Identifier: MIT */
/*
 * test_late.c - the line of a call that comes back after its caller was released.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "fork.h"
#include "fuse.h"
#include "gate.h"
#include "kin.h"
#include "late.h"
#include "marks.h"
#include "recorded.h"
#include "refusal.h"
#include "task.h"
#include "unit.h"

#define SECOND	 (1000 * CF_MS)
#define RECORDER "curfew-late"
#define MANY	 50

static struct gate gate;
static _Atomic int slow;

static int given_a_gate(void **state)
{
	(void)state;
	gate = gate_shut();
	return cf_fork_begin() ? 0 : -1;
}

/* A call that hangs on the gate, abandoned and enrolled as the caller would. */
static struct cf_errand *abandon_a_call(const char *path)
{
	struct cf_task *task = cf_task_get();
	struct cf_errand *errand = task->room;

	memset(errand, 0, sizeof(*errand));
	errand->call = gate_call(&gate);
	errand->tally.slow = &slow;
	errand->parked_fd = -1;
	errand->is_privileged = geteuid() == 0;
	errand->started_ns = cf_clock_now() - 2 * SECOND;
	errand->late.path = path;
	snprintf(errand->late.body, sizeof(errand->late.body),
		 "\",\"k\":\"v\",\"waited_ms\":");
	assert_int_equal(cf_task_start(task, cf_errand_run, CF_TASK_SHARES_FDS), 0);
	atomic_store(&errand->state, CF_ERRAND_ABANDONED);
	cf_late_enrol(errand);
	cf_task_leave(task, cf_errand_is_over);
	return errand;
}

static bool is_done(void *errand)
{
	return atomic_load(&((struct cf_errand *)errand)->state) == CF_ERRAND_DONE;
}

static void the_line_is_written_when_the_call_comes_back(void **state)
{
	const char *path = unit_path("events");

	(void)state;
	errno = EDOM;
	struct cf_errand *errand = abandon_a_call(path);
	assert_int_equal(errno, EDOM);
	assert_string_equal(recorded_lines(path, 0), "");
	gate_open(&gate, 1);
	assert_true(unit_await(is_done, errand, 5000));
	cJSON *event = recorded_event(path);
	assert_int_equal(strlen(recorded_string(event, "time")),
			 strlen("2026-11-20T12:44:47.123Z"));
	assert_string_equal(recorded_string(event, "k"), "v");
	assert_in_range(recorded_number(event, "waited_ms"), 2000, 5000);
	assert_int_equal(recorded_number(event, "result"), 1);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(event, "errno")),
			    "");
	cJSON_Delete(event);
}

static void the_line_of_a_failure_names_the_error(void **state)
{
	const char *path = unit_path("events");
	struct cf_errand *errand = abandon_a_call(path);

	(void)state;
	/* As if it had failed: it is back, and its line not written yet. */
	gate_open(&gate, 1);
	assert_true(unit_await(is_done, errand, 5000));
	truncate(path, 0);
	errand->late.path = path;
	atomic_store(&errand->result, -EIO);
	atomic_store(&errand->state, CF_ERRAND_RETURNED);
	cf_late_enrol(errand);
	assert_true(unit_await(is_done, errand, 5000));
	assert_non_null(
		strstr(recorded_lines(path, 1), "\"result\":-1,\"errno\":\"EIO\"}\n"));
}

static void many_calls_have_one_recorder_and_a_line_each(void **state)
{
	static struct cf_errand *errands[MANY];
	const char *path = unit_path("events");
	int lines = 0;

	(void)state;
	for (int i = 0; i < MANY; i++)
		errands[i] = abandon_a_call(path);
	unit_pass(50);
	assert_int_equal(kin_count(getpid(), RECORDER), 1);
	gate_open(&gate, MANY);
	for (int i = 0; i < MANY; i++)
		assert_true(unit_await(is_done, errands[i], 5000));
	for (const char *at = recorded_lines(path, MANY); (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, MANY);
}

static bool is_recorder_over(void *argument)
{
	(void)argument;
	pid_t pid = kin_find(getpid(), RECORDER);
	return !pid || kin_status(pid, "State")[0] == 'Z';
}

static void the_recorder_ends_with_the_last_call_and_may_come_again(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct cf_errand *errand = abandon_a_call(unit_path("events"));

		gate_open(&gate, 1);
		assert_true(unit_await(is_done, errand, 5000));
		assert_true(unit_await(is_recorder_over, NULL, 5000));
	}
}

static bool has_recorder(void *argument)
{
	(void)argument;
	return !is_recorder_over(NULL);
}

static pid_t given_a_recorder(void)
{
	assert_true(unit_await(has_recorder, NULL, 5000));
	return kin_find(getpid(), RECORDER);
}

static bool is_table_empty(void *pid)
{
	char path[64];

	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", *(pid_t *)pid, fd);
		if (access(path, F_OK) == 0 || errno != ENOENT)
			return false;
	}
	return true;
}

static void the_recorder_keeps_nothing_of_the_program_and_takes_no_number(void **state)
{
	int fds = unit_count_fds(), next = dup(0);

	(void)state;
	close(next);
	abandon_a_call(unit_path("events"));
	pid_t recorder = given_a_recorder();
	assert_int_not_equal(syscall(SYS_kcmp, getpid(), recorder, KCMP_FILES, 0, 0), 0);
	assert_true(unit_await(is_table_empty, &recorder, 5000));
	assert_int_equal(getpgid(recorder), recorder);
	assert_int_equal(unit_count_fds(), fds);
	assert_int_equal(dup(0), next);
}

static bool is_sealed(void *pid)
{
	return strcmp(kin_status(*(pid_t *)pid, "Seccomp"), "2") == 0;
}

static void a_privileged_recorder_seals_itself(void **state)
{
	(void)state;
	if (geteuid() != 0)
		unit_skip("needs root");
	struct cf_errand *errand = abandon_a_call(unit_path("events"));
	pid_t recorder = given_a_recorder();
	assert_true(unit_await(is_sealed, &recorder, 5000));
	gate_open(&gate, 1);
	assert_true(unit_await(is_done, errand, 5000));
	assert_non_null(strstr(recorded_lines(unit_path("events"), 1), "\"result\":1"));
}

static void a_recorder_without_privileges_writes_too(void **state)
{
	(void)state;
	unit_drop_privileges();
	struct cf_errand *errand = abandon_a_call(unit_path("events"));
	gate_open(&gate, 1);
	assert_true(unit_await(is_done, errand, 5000));
	assert_non_null(strstr(recorded_lines(unit_path("events"), 1), "\"result\":1"));
}

static void a_copy_on_a_sick_mount_does_not_hold_the_recorder(void **state)
{
	(void)state;
	unit_enter_private_mounts();
	assert_int_equal(mkdir(unit_path("mount"), 0755), 0);
	struct wedge_control *orders = fuse_mount(unit_path("mount"));
	int fd = open(unit_path("mount/file"), O_RDWR | O_CREAT, 0600);
	struct cf_identity file = cf_identity_read(fd);
	cf_marks_set(CF_MARK_SICK, cf_marks_word(&file));
	orders->hang = 1 << WEDGE_FLUSH;
	struct cf_errand *errand = abandon_a_call(unit_path("events"));
	gate_open(&gate, 1);
	bool done = unit_await(is_done, errand, 5000);
	orders->hang = 0;
	assert_true(done);
	assert_non_null(strstr(recorded_lines(unit_path("events"), 1), "\"result\":1"));
}

static void a_recorder_that_was_ended_is_replaced(void **state)
{
	(void)state;
	struct cf_errand *first = abandon_a_call(unit_path("events"));
	kin_end(RECORDER);
	assert_true(unit_await(is_recorder_over, NULL, 5000));
	struct cf_errand *second = abandon_a_call(unit_path("events"));
	gate_open(&gate, 2);
	assert_true(unit_await(is_done, first, 5000));
	assert_true(unit_await(is_done, second, 5000));
}

static void a_hand_that_was_ended_has_no_line(void **state)
{
	(void)state;
	struct cf_errand *errand = abandon_a_call(unit_path("events"));
	given_a_recorder();
	kin_end(CF_ERRAND_TASK_NAME);
	while (!cf_errand_is_over(errand)) /* as whoever comes next asks */
		unit_pass(1);
	assert_true(unit_await(is_recorder_over, NULL, 5000));
	assert_string_equal(recorded_lines(unit_path("events"), 0), "");
}

static void without_a_recorder_the_call_goes_on_without_a_line(void **state)
{
	struct cf_errand errand = { .state = CF_ERRAND_ABANDONED, .late.path = "/file" };

	(void)state;
	refusal_of_memory();
	cf_late_enrol(&errand);
	refusal_ends();
	assert_null(errand.late.path);
}

static void have_no_recorder(void **state)
{
	const char *path = unit_path("childs");

	(void)state;
	cf_late_after_fork();
	struct cf_errand *errand = abandon_a_call(path);
	gate_open(&gate, 1);
	assert_true(unit_await(is_done, errand, 5000));
	assert_non_null(strstr(recorded_lines(path, 1), "\"result\":1"));
	assert_string_equal(recorded_lines(unit_path("events"), 0), "");
}

static void law_9_a_forked_child_has_no_recorder_and_gets_its_own(void **state)
{
	(void)state;
	abandon_a_call(unit_path("events"));
	given_a_recorder();
	gate = gate_shut(); /* the child's call waits at another */
	unit_in_child(have_no_recorder, NULL);
}

#define LATE_TEST(function) cmocka_unit_test_setup(function, given_a_gate)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LATE_TEST(the_line_is_written_when_the_call_comes_back),
		LATE_TEST(the_line_of_a_failure_names_the_error),
		LATE_TEST(many_calls_have_one_recorder_and_a_line_each),
		LATE_TEST(the_recorder_ends_with_the_last_call_and_may_come_again),
		LATE_TEST(the_recorder_keeps_nothing_of_the_program_and_takes_no_number),
		LATE_TEST(a_privileged_recorder_seals_itself),
		LATE_TEST(a_recorder_without_privileges_writes_too),
		LATE_TEST(a_copy_on_a_sick_mount_does_not_hold_the_recorder),
		LATE_TEST(a_recorder_that_was_ended_is_replaced),
		LATE_TEST(a_hand_that_was_ended_has_no_line),
		LATE_TEST(without_a_recorder_the_call_goes_on_without_a_line),
		LATE_TEST(law_9_a_forked_child_has_no_recorder_and_gets_its_own),
	};

	return unit_run(tests);
}
