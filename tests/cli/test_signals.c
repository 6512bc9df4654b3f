/* SPDX-License-Identifier: MIT */
/*
 * test_signals.c - a signal for the command reaches the program, and once. No terminal
 * here: test_job_control.c has one.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "command.h"

static const char *const telling[] = { CURFEW, "run", TELLER, NULL };

/* The pid of the program, which is ready for signals when this returns. */
static pid_t ready(const struct running *running)
{
	char line[64];

	command_line(running, line, sizeof(line));
	assert_memory_equal(line, "ready ", 6);
	return atoi(line + 6);
}

static void expect_line(const struct running *running, const char *expected)
{
	char line[64];

	command_line(running, line, sizeof(line));
	assert_string_equal(line, expected);
}

/* End the program by SIGTERM; it may have nothing more to tell than that. */
static void finish(const struct running *running)
{
	char rest[256];

	kill(running->pid, SIGTERM);
	command_rest(running, rest, sizeof(rest));
	assert_string_equal(rest, "15\n");
	int wait_status = command_wait(running, 0);
	assert_true(WIFEXITED(wait_status));
	assert_int_equal(WEXITSTATUS(wait_status), 7);
}

static void own_group(void)
{
	setpgid(0, 0);
}

static void a_signal_for_the_command_reaches_the_program_once(void **state)
{
	static const int signals[] = { SIGINT,	SIGHUP,	  SIGQUIT, SIGUSR1,
				       SIGUSR2, SIGWINCH, SIGCONT, SIGALRM };

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		struct running running = command_start(telling, NULL);
		char number[16];

		snprintf(number, sizeof(number), "%d", signals[i]);
		ready(&running);
		kill(running.pid, signals[i]);
		expect_line(&running, number);
		kill(running.pid, signals[i]);
		expect_line(&running, number);
		finish(&running);
	}
}

static void a_queued_signal_keeps_its_value(void **state)
{
	struct running running = command_start(telling, NULL);

	(void)state;
	ready(&running);
	sigqueue(running.pid, 40, (union sigval){ .sival_int = 4711 });
	expect_line(&running, "40 with 4711");
	finish(&running);
}

/* Is this child of the command its witness, and has it seen nothing? */
static bool is_fresh_witness(long pid)
{
	char path[64];
	char text[4096];

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	command_read(path, text, sizeof(text));
	if (strcmp(text, "curfew-witness\n") != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	command_read(path, text, sizeof(text));
	return strstr(text, "ShdPnd:\t0000000000000000\n") != NULL;
}

/* Wait until the command has dealt with the signals so far. */
static void await_calm(const struct running *running)
{
	char path[64];
	char children[256];
	bool calm = false;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)running->pid,
		 (int)running->pid);
	for (int look = 0; !calm; look++) {
		char *rest = children;

		if (look == PATIENCE_MS)
			fail_msg("the command does not come to rest");
		poll(NULL, 0, 1);
		command_read(path, children, sizeof(children));
		for (long pid; !calm && (pid = strtol(rest, &rest, 10)) > 0;)
			calm = is_fresh_witness(pid);
	}
}

static void a_signal_for_the_whole_group_reaches_the_program_once(void **state)
{
	static const int signals[] = {
		SIGINT, SIGINT, SIGHUP, SIGUSR1, SIGCONT, SIGWINCH
	};
	struct running running = command_start(telling, own_group);
	char rest[256];

	(void)state;
	ready(&running);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		char number[16];

		snprintf(number, sizeof(number), "%d", signals[i]);
		await_calm(&running);
		kill(-running.pid, signals[i]);
		expect_line(&running, number);
		await_calm(&running);
		/* Alone after the group: not to be taken for one of the group's. */
		kill(running.pid, signals[i]);
		expect_line(&running, number);
	}
	await_calm(&running);
	kill(-running.pid, SIGTERM);
	command_rest(&running, rest, sizeof(rest));
	assert_string_equal(rest, "15\n");
	assert_int_equal(WEXITSTATUS(command_wait(&running, 0)), 7);
}

static void two_signals_for_the_group_at_once_reach_the_program_once_each(void **state)
{
	struct running running = command_start(telling, own_group);
	char rest[256];

	(void)state;
	ready(&running);
	await_calm(&running);
	kill(-running.pid, SIGHUP);
	kill(-running.pid, SIGUSR2);
	await_calm(&running);
	kill(running.pid, SIGTERM);
	command_rest(&running, rest, sizeof(rest));
	assert_string_equal(rest, "1\n12\n15\n");
	assert_int_equal(WEXITSTATUS(command_wait(&running, 0)), 7);
}

static void one_for_the_group_and_the_same_for_the_command_make_two(void **state)
{
	struct running running = command_start(telling, own_group);

	(void)state;
	ready(&running);
	await_calm(&running);
	kill(running.pid, SIGSTOP);
	command_await_state(running.pid, 'T');
	kill(-running.pid, 40);
	expect_line(&running, "40");
	kill(running.pid, 40);
	kill(running.pid, SIGCONT);
	expect_line(&running, "18");
	expect_line(&running, "40");
	finish(&running);
}

static void a_program_in_its_own_group_gets_the_signals_of_its_old_one(void **state)
{
	static const char *const argv[] = { CURFEW, "run", TELLER, "own-group", NULL };
	struct running running = command_start(argv, own_group);

	(void)state;
	ready(&running);
	kill(-running.pid, SIGINT);
	expect_line(&running, "2");
	finish(&running);
}

static void a_program_that_signals_its_group_is_not_signalled_back(void **state)
{
	static const char *const argv[] = {
		CURFEW,
		"run",
		"bash",
		"-c",
		"trap 'echo USR1' USR1; kill -USR1 0; sleep 0.3; echo end",
		NULL
	};
	struct running running = command_start(argv, own_group);
	char rest[256];

	(void)state;
	command_rest(&running, rest, sizeof(rest));
	assert_string_equal(rest, "USR1\nend\n");
	assert_int_equal(command_wait(&running, 0), 0);
}

static void ignore_hup(void)
{
	signal(SIGHUP, SIG_IGN);
}

static void an_ignored_hangup_stays_ignored(void **state)
{
	struct running running = command_start(telling, ignore_hup);

	(void)state;
	ready(&running);
	kill(running.pid, SIGHUP);
	kill(running.pid, SIGUSR1);
	expect_line(&running, "10");
	finish(&running);
}

static void a_stop_for_the_command_stops_both_and_cont_continues_both(void **state)
{
	struct running running = command_start(telling, own_group);
	pid_t program = ready(&running);

	(void)state;
	kill(running.pid, SIGTSTP);
	int wait_status = command_wait(&running, WUNTRACED);
	assert_true(WIFSTOPPED(wait_status));
	assert_int_equal(WSTOPSIG(wait_status), SIGTSTP);
	command_await_state(program, 'T');
	kill(running.pid, SIGCONT);
	expect_line(&running, "18");
	command_await_state(running.pid, 'S');
	finish(&running);
}

static void a_program_that_stops_itself_stops_the_command_by_the_same_signal(void **state)
{
	static const char *const argv[] = { CURFEW, "run", TELLER, "stop", NULL };
	struct running running = command_start(argv, own_group);

	(void)state;
	ready(&running);
	int wait_status = command_wait(&running, WUNTRACED);
	assert_true(WIFSTOPPED(wait_status));
	assert_int_equal(WSTOPSIG(wait_status), SIGSTOP);
	kill(-running.pid, SIGCONT);
	expect_line(&running, "18");
	finish(&running);
}

static void a_killed_command_takes_the_program_and_its_witness_along(void **state)
{
	struct running running = command_start(telling, NULL);
	pid_t program = ready(&running);
	char rest[64];

	(void)state;
	kill(running.pid, SIGKILL);
	command_rest(&running, rest, sizeof(rest)); /* ends when the program is gone */
	assert_string_equal(rest, "");
	assert_int_equal(WTERMSIG(command_wait(&running, 0)), SIGKILL);
	command_await_state(program, '-');
}

static void an_alarm_set_before_the_command_reaches_the_program(void **state)
{
	static const char *const argv[] = {
		"/usr/bin/perl", "-e", "alarm 1; exec @ARGV", CURFEW, "run", TELLER, NULL
	};

	(void)state;
	if (access(argv[0], X_OK) == -1)
		command_skip("no perl here");
	struct running running = command_start(argv, NULL);
	ready(&running);
	expect_line(&running, "14");
	finish(&running);
}

static void the_output_of_the_program_ends_with_the_program(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, "/bin/sh", "-c", CURFEW " run echo hello | cat");
	command_expect(&outcome, 0);
	assert_string_equal(outcome.out, "hello\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_for_the_command_reaches_the_program_once),
		cmocka_unit_test(a_queued_signal_keeps_its_value),
		cmocka_unit_test(a_signal_for_the_whole_group_reaches_the_program_once),
		cmocka_unit_test(
			two_signals_for_the_group_at_once_reach_the_program_once_each),
		cmocka_unit_test(one_for_the_group_and_the_same_for_the_command_make_two),
		cmocka_unit_test(
			a_program_in_its_own_group_gets_the_signals_of_its_old_one),
		cmocka_unit_test(a_program_that_signals_its_group_is_not_signalled_back),
		cmocka_unit_test(an_ignored_hangup_stays_ignored),
		cmocka_unit_test(
			a_stop_for_the_command_stops_both_and_cont_continues_both),
		cmocka_unit_test(
			a_program_that_stops_itself_stops_the_command_by_the_same_signal),
		cmocka_unit_test(
			a_killed_command_takes_the_program_and_its_witness_along),
		cmocka_unit_test(an_alarm_set_before_the_command_reaches_the_program),
		cmocka_unit_test(the_output_of_the_program_ends_with_the_program),
	};

	return command_result(cmocka_run_group_tests_name("signals", tests, NULL, NULL));
}
