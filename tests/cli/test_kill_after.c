/* SPDX-License-Identifier: MIT */
/*
 * test_kill_after.c - a program that a signal does not end has a grace, and then SIGKILL.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "command.h"

#define SLACK_MS 2000 /* for a busy machine */
#define DEAF	 "trap '' TERM; exec " TELLER
#define SAID	 "curfew: sh is still there "

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void own_group(void)
{
	setpgid(0, 0);
}

/* `curfew run OPTION DURATION` and a program that is ready when this returns; what the
   command says on stderr comes with the output. */
static struct running start(const char *option, const char *duration, const char *script,
			    pid_t *program)
{
	const char *const argv[] = { "/bin/sh", "-c",	"exec \"$0\" run \"$@\" 2>&1",
				     CURFEW,	option, duration,
				     "sh",	"-c",	script,
				     NULL };
	struct running running = command_start(argv, own_group);
	char line[64];

	command_line(&running, line, sizeof(line));
	assert_memory_equal(line, "ready ", 6);
	*program = atoi(line + 6);
	return running;
}

/* The end of it: everything that comes still is `said`, the exit status is this one. */
static void expect_end(const struct running *running, const char *said, int status)
{
	char rest[512];

	command_rest(running, rest, sizeof(rest));
	assert_string_equal(rest, said);
	int wait_status = command_wait(running, 0);
	assert_true(WIFEXITED(wait_status));
	assert_int_equal(WEXITSTATUS(wait_status), status);
}

static void a_program_that_ignores_sigterm_is_ended_after_its_grace_with_137(void **state)
{
	pid_t program;
	struct running running = start("--kill-after", "300ms", DEAF, &program);
	int64_t asked = now_ms();

	(void)state;
	kill(running.pid, SIGTERM);
	expect_end(&running, SAID "300 ms after SIGTERM: SIGKILL\n", 137);
	assert_in_range(now_ms() - asked, 300, 300 + SLACK_MS);
	command_await_state(program, '-');
}

static void sigint_and_sighup_begin_the_grace_too(void **state)
{
	pid_t program;
	struct running running = start("--kill-after", "100ms", "exec " TELLER, &program);

	(void)state;
	kill(running.pid, SIGINT);
	expect_end(&running, "2\n" SAID "100 ms after SIGINT: SIGKILL\n", 137);
	running = start("--kill-after", "100ms", "exec " TELLER, &program);
	kill(running.pid, SIGHUP);
	expect_end(&running, "1\n" SAID "100 ms after SIGHUP: SIGKILL\n", 137);
}

static void a_signal_for_the_whole_group_begins_the_grace_too(void **state)
{
	pid_t program;
	struct running running = start("--kill-after", "300ms", DEAF, &program);

	(void)state;
	kill(-running.pid, SIGTERM);
	expect_end(&running, SAID "300 ms after SIGTERM: SIGKILL\n", 137);
}

static void a_program_that_ends_in_time_keeps_its_status_and_nothing_is_said(void **state)
{
	pid_t program;
	struct running running = start("--kill-after", "30s", "exec " TELLER, &program);

	(void)state;
	kill(running.pid, SIGTERM);
	expect_end(&running, "15\n", 7);
	running = start("--kill-after", "30s", "echo ready 1; exec sleep 60", &program);
	kill(running.pid, SIGTERM);
	int wait_status = command_wait(&running, 0);
	assert_true(WIFSIGNALED(wait_status));
	assert_int_equal(WTERMSIG(wait_status), SIGTERM);
	close(running.out);
}

static void a_second_signal_gives_no_second_grace(void **state)
{
	pid_t program;
	struct running running = start("--kill-after", "2s", "exec " TELLER, &program);
	int64_t asked = now_ms();
	char line[64];

	(void)state;
	kill(running.pid, SIGINT);
	command_line(&running, line, sizeof(line));
	poll(NULL, 0, 1500);
	kill(running.pid, SIGHUP);
	expect_end(&running, "1\n" SAID "2 s after SIGINT: SIGKILL\n", 137);
	assert_in_range(now_ms() - asked, 2000, 3400);
}

static void other_signals_begin_no_grace(void **state)
{
	pid_t program;
	struct running running = start("--kill-after", "0", "exec " TELLER, &program);
	char line[64];

	(void)state;
	kill(running.pid, SIGUSR1);
	command_line(&running, line, sizeof(line));
	assert_string_equal(line, "10");
	kill(running.pid, SIGQUIT);
	command_line(&running, line, sizeof(line));
	assert_string_equal(line, "3");
	kill(program, SIGTERM); /* which the command does not see */
	expect_end(&running, "15\n", 7);
}

static void a_signal_that_was_ignored_from_the_start_begins_no_grace(void **state)
{
	static const char *const argv[] = { "/usr/bin/env", "--ignore-signal=HUP",
					    CURFEW,	    "run",
					    "--kill-after", "0",
					    TELLER,	    NULL };
	struct running running = command_start(argv, NULL);
	char line[64];

	(void)state;
	command_line(&running, line, sizeof(line));
	kill(running.pid, SIGHUP);
	kill(running.pid, SIGUSR1);
	command_line(&running, line, sizeof(line));
	assert_string_equal(line, "10");
	kill(running.pid, SIGKILL);
	command_wait(&running, 0);
	close(running.out);
}

static void quiet_ends_it_without_a_word(void **state)
{
	pid_t program;
	struct running running = start("-q", "--kill-after=100ms", DEAF, &program);

	(void)state;
	kill(running.pid, SIGTERM);
	expect_end(&running, "", 137);
}

/* That a program lives for ever cannot be shown; that it has no grace of 0 can. */
static void off_waits_as_long_as_without_the_option(void **state)
{
	pid_t program;
	struct running running = start("--kill-after", "off", DEAF, &program);
	char line[64];

	(void)state;
	kill(running.pid, SIGTERM);
	poll(NULL, 0, 500);
	kill(program, SIGUSR1);
	command_line(&running, line, sizeof(line));
	assert_string_equal(line, "10");
	kill(program, SIGKILL);
	int wait_status = command_wait(&running, 0);
	assert_true(
		WIFSIGNALED(wait_status)); /* SIGKILL of others is passed up as ever */
	assert_int_equal(WTERMSIG(wait_status), SIGKILL);
	close(running.out);
}

static void without_a_grace_sigkill_follows_at_once(void **state)
{
	pid_t program;
	struct running running = start("--kill-after", "0", DEAF, &program);
	int64_t asked = now_ms();

	(void)state;
	kill(running.pid, SIGTERM);
	expect_end(&running, SAID "0 ms after SIGTERM: SIGKILL\n", 137);
	assert_in_range(now_ms() - asked, 0, SLACK_MS);
}

static void the_grace_does_not_run_while_the_program_is_stopped(void **state)
{
	pid_t program;
	struct running running = start("--kill-after", "800ms", DEAF, &program);

	(void)state;
	kill(running.pid, SIGTERM);
	kill(program, SIGSTOP);
	assert_true(WIFSTOPPED(command_wait(&running, WUNTRACED)));
	poll(NULL, 0, 1000);
	int64_t continued = now_ms();
	kill(-running.pid, SIGCONT);
	expect_end(&running, "18\n" SAID "800 ms after SIGTERM: SIGKILL\n", 137);
	assert_in_range(now_ms() - continued, 400, 800 + SLACK_MS);
}

/* A pipe that nobody reads, and that is full. */
static void stderr_of_no_reader(void)
{
	char bytes[4096] = "";
	int ends[2];

	own_group();
	if (pipe2(ends, O_NONBLOCK) == -1)
		_exit(200);
	while (write(ends[1], bytes, sizeof(bytes)) > 0)
		continue;
	fcntl(ends[1], F_SETFL, 0);
	dup2(ends[1], STDERR_FILENO);
}

static void a_stderr_that_nobody_reads_does_not_hold_the_end_up(void **state)
{
	static const char *const argv[] = { CURFEW, "run", "--kill-after", "100ms",
					    "sh",   "-c",  DEAF,	   NULL };
	struct running running = command_start(argv, stderr_of_no_reader);
	char line[64];

	(void)state;
	command_line(&running, line, sizeof(line));
	kill(running.pid, SIGTERM);
	expect_end(&running, "", 137);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_program_that_ignores_sigterm_is_ended_after_its_grace_with_137),
		cmocka_unit_test(sigint_and_sighup_begin_the_grace_too),
		cmocka_unit_test(a_signal_for_the_whole_group_begins_the_grace_too),
		cmocka_unit_test(
			a_program_that_ends_in_time_keeps_its_status_and_nothing_is_said),
		cmocka_unit_test(a_second_signal_gives_no_second_grace),
		cmocka_unit_test(other_signals_begin_no_grace),
		cmocka_unit_test(
			a_signal_that_was_ignored_from_the_start_begins_no_grace),
		cmocka_unit_test(quiet_ends_it_without_a_word),
		cmocka_unit_test(off_waits_as_long_as_without_the_option),
		cmocka_unit_test(without_a_grace_sigkill_follows_at_once),
		cmocka_unit_test(the_grace_does_not_run_while_the_program_is_stopped),
		cmocka_unit_test(a_stderr_that_nobody_reads_does_not_hold_the_end_up),
	};

	return command_result(
		cmocka_run_group_tests_name("kill after", tests, NULL, NULL));
}
