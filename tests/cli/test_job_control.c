/* SPDX-License-Identifier: MIT */
/*
 * test_job_control.c - the command on a terminal, in the hands of a shell.
 *
 * The test is the shell: it leads a session on a pseudo-terminal, starts the command as a
 * job in the foreground, and types at the other end.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "command.h"

#define CONTROL_C	  "\003"
#define CONTROL_Z	  "\032"
#define CONTROL_BACKSLASH "\034"

static int keyboard = -1; /* what is written here is typed */
static int terminal = -1;
static int other_keyboard = -1; /* of a terminal without a shell */

static int given_a_terminal(void **state)
{
	(void)state;
	keyboard = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (keyboard == -1 || grantpt(keyboard) == -1 || unlockpt(keyboard) == -1)
		return -1;
	/* Ours from now on, as we lead a session without one. */
	terminal = open(ptsname(keyboard), O_RDWR | O_CLOEXEC);
	signal(SIGTTOU, SIG_IGN);
	return terminal == -1 || tcgetsid(terminal) != getpid();
}

static int without_a_terminal(void **state)
{
	(void)state;
	signal(SIGHUP, SIG_IGN);
	ioctl(terminal, TIOCNOTTY);
	close(keyboard);
	close(terminal);
	return 0;
}

static void in_the_foreground(void)
{
	signal(SIGTTOU, SIG_IGN);
	setpgid(0, 0);
	tcsetpgrp(terminal, getpgrp());
	dup2(terminal, STDIN_FILENO);
	signal(SIGTTOU, SIG_DFL);
}

static void in_the_background(void)
{
	setpgid(0, 0);
	dup2(terminal, STDIN_FILENO);
}

static void type(const char *keys)
{
	assert_int_equal(write(keyboard, keys, strlen(keys)), strlen(keys));
}

static pid_t ready(const struct running *running)
{
	char line[64];

	command_line(running, line, sizeof(line));
	assert_memory_equal(line, "ready ", 6);
	return atoi(line + 6);
}

static struct running start_job(const char *option)
{
	const char *const argv[] = { CURFEW, "run", TELLER, option, NULL };

	return command_start(argv, in_the_foreground);
}

static void expect_line(const struct running *running, const char *expected)
{
	char line[64];

	command_line(running, line, sizeof(line));
	assert_string_equal(line, expected);
}

static void finish(const struct running *running)
{
	char rest[256];

	kill(running->pid, SIGTERM);
	command_rest(running, rest, sizeof(rest));
	assert_string_equal(rest, "15\n");
	int wait_status = command_wait(running, 0);
	assert_true(WIFEXITED(wait_status));
	assert_int_equal(WEXITSTATUS(wait_status), 7);
	tcsetpgrp(terminal, getpgrp());
}

static void expect_stop(const struct running *running, int signal_number)
{
	int wait_status = command_wait(running, WUNTRACED);

	assert_true(WIFSTOPPED(wait_status));
	assert_int_equal(WSTOPSIG(wait_status), signal_number);
	tcsetpgrp(terminal, getpgrp());
}

/* What `fg` does. */
static void take_to_the_foreground(const struct running *running)
{
	tcsetpgrp(terminal, running->pid);
	kill(-running->pid, SIGCONT);
}

static void control_c_reaches_the_program_once(void **state)
{
	struct running running = start_job(NULL);

	(void)state;
	ready(&running);
	for (int round = 0; round < 20; round++) {
		type(CONTROL_C);
		expect_line(&running, "2");
	}
	type(CONTROL_BACKSLASH);
	expect_line(&running, "3");
	finish(&running);
}

static void control_c_and_a_kill_of_the_command_are_told_apart(void **state)
{
	struct running running = start_job(NULL);

	(void)state;
	ready(&running);
	type(CONTROL_C);
	expect_line(&running, "2");
	/* The command must have seen the first before the second comes: two that wait
	   together are one, as ever. */
	kill(running.pid, SIGUSR1);
	expect_line(&running, "10");
	kill(running.pid, SIGINT);
	expect_line(&running, "2");
	finish(&running);
}

static void a_new_window_size_is_told_once(void **state)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct running running = start_job(NULL);

	(void)state;
	ready(&running);
	for (size.ws_col = 81; size.ws_col < 101; size.ws_col++) {
		assert_int_equal(ioctl(keyboard, TIOCSWINSZ, &size), 0);
		expect_line(&running, "28");
	}
	finish(&running);
}

static void control_z_stops_the_job_and_fg_continues_it(void **state)
{
	struct running running = start_job(NULL);
	pid_t program = ready(&running);

	(void)state;
	for (int round = 0; round < 5; round++) {
		type(CONTROL_Z);
		expect_stop(&running, SIGTSTP);
		command_await_state(program, 'T');
		take_to_the_foreground(&running);
		expect_line(&running, "18");
		command_await_state(running.pid, 'S');
	}
	type(CONTROL_C);
	expect_line(&running, "2");
	finish(&running);
}

static void a_program_that_stopped_itself_is_continued_by_fg(void **state)
{
	struct running running = start_job("stop");
	pid_t program = ready(&running);

	(void)state;
	expect_stop(&running, SIGSTOP);
	command_await_state(program, 'T');
	take_to_the_foreground(&running);
	expect_line(&running, "18");
	finish(&running);
}

static void a_program_in_its_own_group_is_stopped_and_continued_too(void **state)
{
	struct running running = start_job("own-group");
	pid_t program = ready(&running);

	(void)state;
	kill(program, SIGSTOP);
	expect_stop(&running, SIGSTOP);
	take_to_the_foreground(&running);
	expect_line(&running, "18");
	assert_int_equal(tcgetpgrp(terminal), program);
	finish(&running);
}

static void a_background_job_that_reads_the_terminal_stops(void **state)
{
	const char *const argv[] = { CURFEW, "run", "cat", NULL };
	struct running running = command_start(argv, in_the_background);
	char rest[64];

	(void)state;
	expect_stop(&running, SIGTTIN);
	take_to_the_foreground(&running);
	type("typed\n\004");
	command_rest(&running, rest, sizeof(rest));
	assert_string_equal(rest, "typed\n");
	assert_int_equal(command_wait(&running, 0), 0);
	tcsetpgrp(terminal, getpgrp());
}

static void control_c_ends_an_ordinary_program_and_the_shell_sees_sigint(void **state)
{
	const char *const argv[] = {
		CURFEW, "run", "sh", "-c", "echo ready 1; exec sleep 30", NULL
	};
	struct running running = command_start(argv, in_the_foreground);

	(void)state;
	ready(&running);
	type(CONTROL_C);
	int wait_status = command_wait(&running, 0);
	assert_true(WIFSIGNALED(wait_status));
	assert_int_equal(WTERMSIG(wait_status), SIGINT);
	tcsetpgrp(terminal, getpgrp());
	close(running.out);
}

static void control_c_begins_the_grace_of_kill_after(void **state)
{
	const char *const argv[] = {
		CURFEW, "run", "--kill-after", "100ms", TELLER, NULL
	};
	struct running running = command_start(argv, in_the_foreground);

	(void)state;
	ready(&running);
	type(CONTROL_C);
	expect_line(&running, "2");
	int wait_status = command_wait(&running, 0);
	assert_true(WIFEXITED(wait_status));
	assert_int_equal(WEXITSTATUS(wait_status), 137);
	tcsetpgrp(terminal, getpgrp());
	close(running.out);
}

static void an_interactive_shell_keeps_its_jobs_and_its_terminal(void **state)
{
	const char *const argv[] = { CURFEW, "run", "bash", "--norc", "-i", NULL };
	struct running running = command_start(argv, in_the_foreground);

	(void)state;
	type("exec 2>/dev/null; sh -c 'echo started; exec sleep 30'\n");
	expect_line(&running, "started");
	type(CONTROL_Z);
	type("jobs | grep -c Stopped; kill %1; echo told\n");
	expect_line(&running, "1");
	expect_line(&running, "told");
	type("suspend\n");
	expect_stop(&running, SIGSTOP);
	take_to_the_foreground(&running);
	/* The first is refused as long as bash has not seen the end of its job. */
	type("exit 9\nexit 9\n");
	int wait_status = command_wait(&running, 0);
	assert_true(WIFEXITED(wait_status));
	assert_int_equal(WEXITSTATUS(wait_status), 9);
	tcsetpgrp(terminal, getpgrp());
	close(running.out);
}

static void as_the_leader_of_a_session(void)
{
	setsid();
	close(STDIN_FILENO);
	open(ptsname(other_keyboard), O_RDWR);
}

static void a_hangup_that_only_the_session_leader_gets_is_passed_on(void **state)
{
	const char *const argv[] = { CURFEW, "run", TELLER, NULL };

	(void)state;
	other_keyboard = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(grantpt(other_keyboard) | unlockpt(other_keyboard), 0);
	struct running running = command_start(argv, as_the_leader_of_a_session);
	ready(&running);
	close(other_keyboard);
	expect_line(&running, "1");
	expect_line(&running, "18"); /* the kernel sends both */
	finish(&running);
}

static int run_as_session_leader(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_c_reaches_the_program_once),
		cmocka_unit_test(control_c_and_a_kill_of_the_command_are_told_apart),
		cmocka_unit_test(a_new_window_size_is_told_once),
		cmocka_unit_test(control_z_stops_the_job_and_fg_continues_it),
		cmocka_unit_test(a_program_that_stopped_itself_is_continued_by_fg),
		cmocka_unit_test(a_program_in_its_own_group_is_stopped_and_continued_too),
		cmocka_unit_test(a_background_job_that_reads_the_terminal_stops),
		cmocka_unit_test(
			control_c_ends_an_ordinary_program_and_the_shell_sees_sigint),
		cmocka_unit_test(control_c_begins_the_grace_of_kill_after),
		cmocka_unit_test(an_interactive_shell_keeps_its_jobs_and_its_terminal),
		cmocka_unit_test(a_hangup_that_only_the_session_leader_gets_is_passed_on),
	};

	setsid();
	return command_result(cmocka_run_group_tests_name(
		"job control", tests, given_a_terminal, without_a_terminal));
}

int main(void)
{
	int wait_status = 0;
	pid_t leader = fork();

	if (leader == 0)
		exit(run_as_session_leader());
	waitpid(leader, &wait_status, 0);
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 1;
}
