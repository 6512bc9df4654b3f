/* SPDX-License-Identifier: MIT */
/*
 * test_stuck.c - the command says what cannot be ended, and does not pretend that it was.
 *
 * The mount is that of the tests of the library: it comes free with the server, which
 * ends with this driver, whatever becomes of a test.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../preload/mount.h"
#include "../preload/scratch.h"
#include "../preload/suite.h"
#include "cmocka_all.h"
#include "command.h"

#define SETTLED_MS 1000
#define STOCK	   "exec env -u LD_PRELOAD cat \"$0\""

static struct mount *mount;
static const char *notes;

/* What mount.c leaves a test by. */
void suite_skip(const char *reason)
{
	command_skip(reason);
}

static int given_a_mount_whose_closes_hang(void **state)
{
	(void)state;
	mount = mount_start(NULL);
	notes = mount_put(mount, "notes");
	mount_hang(mount, WEDGE_FLUSH);
	return 0;
}

static int free_it(void **state)
{
	(void)state;
	mount_end_all();
	return 0;
}

/* stderr comes with the output. */
static struct running start(const char *script)
{
	const char *const argv[] = { "/bin/sh", "-c", script, CURFEW, notes, NULL };

	return command_start(argv, NULL);
}

static void expect_line(const struct running *running, const char *expected)
{
	char line[512];

	command_line(running, line, sizeof(line));
	assert_string_equal(line, expected);
}

static void expect_thread_line(const struct running *running, const char *name)
{
	char line[512];
	char expected[512];
	char channel[64] = "";
	int tid = 0;

	command_line(running, line, sizeof(line));
	print_message("%s\n", line);
	snprintf(expected, sizeof(expected),
		 "curfew: %s cannot be ended: thread %%d "
		 "waits in the kernel in close (%%63[a-z_])",
		 name);
	assert_int_equal(sscanf(line, expected, &tid, channel), 2);
	assert_true(tid > 0);
	assert_non_null(strstr(line, ") and no signal ends that; it is gone when that "
				     "returns"));
}

static void expect_still_there(const struct running *running)
{
	poll(NULL, 0, SETTLED_MS);
	assert_int_equal(waitpid(running->pid, NULL, WNOHANG), 0);
}

static void expect_end(const struct running *running, int status)
{
	char rest[512];

	command_rest(running, rest, sizeof(rest));
	assert_string_equal(rest, "");
	int wait_status = command_wait(running, 0);
	assert_true(WIFEXITED(wait_status));
	assert_int_equal(WEXITSTATUS(wait_status), status);
}

static void what_sigkill_does_not_end_is_said_once_and_waited_for(void **state)
{
	struct running running =
		start("CURFEW=off exec \"$0\" run --kill-after 100ms cat \"$1\" 2>&1");

	(void)state;
	expect_line(&running, "some text");
	mount_await_waiting(mount, WEDGE_FLUSH, 1);
	kill(running.pid, SIGTERM);
	expect_line(&running, "curfew: cat is still there 100 ms after SIGTERM: SIGKILL");
	expect_thread_line(&running, "cat");
	expect_still_there(&running);
	mount_recover(mount);
	expect_end(&running, 137);
}

static void quiet_waits_for_it_without_a_word(void **state)
{
	struct running running =
		start("CURFEW=off exec \"$0\" run -q --kill-after 100ms cat \"$1\" 2>&1");

	(void)state;
	expect_line(&running, "some text");
	mount_await_waiting(mount, WEDGE_FLUSH, 1);
	kill(running.pid, SIGTERM);
	poll(NULL, 0, 1500);
	expect_still_there(&running);
	mount_recover(mount);
	expect_end(&running, 137);
}

/* What tells the place is itself held up by the exec then. */
static void a_program_stuck_in_its_exec_does_not_hold_the_command_up(void **state)
{
	struct running running;
	char line[512];

	(void)state;
	if (access("/usr/bin/perl", X_OK) == -1)
		command_skip("no perl here");
	running = start("CURFEW=off exec \"$0\" run --kill-after 100ms perl -e '"
			"open(F, \"<\", $ARGV[0]); exec \"true\"' \"$1\" 2>&1");
	mount_await_waiting(mount, WEDGE_FLUSH, 1);
	kill(running.pid, SIGTERM);
	expect_line(&running,
		    "curfew: perl is still there 100 ms after SIGTERM: SIGKILL");
	command_line(&running, line, sizeof(line));
	assert_non_null(strstr(line, "waits in the kernel and no signal ends that"));
	mount_recover(mount);
	expect_end(&running, 137);
}

/* The line of the library is written for it; the program then hangs as after it. */
static void what_its_own_forced_exit_does_not_end_is_said_too(void **state)
{
	struct running running =
		start("exec \"$0\" run sh -c '"
		      "echo \"{\\\"pid\\\":$$,\\\"ending\\\":\\\"forced-exit\\\"}\" "
		      ">>$CURFEW_RUN; " STOCK "' \"$1\" 2>&1");

	(void)state;
	expect_line(&running, "some text");
	expect_thread_line(&running, "sh");
	expect_still_there(&running);
	mount_recover(mount);
	expect_end(&running, 0);
}

static void a_forced_exit_of_a_child_is_not_the_programs(void **state)
{
	struct running running =
		start("exec \"$0\" run sh -c '"
		      "echo \"{\\\"pid\\\":1,\\\"ending\\\":\\\"forced-exit\\\"}\" "
		      ">>$CURFEW_RUN; " STOCK "' \"$1\" 2>&1");

	(void)state;
	expect_line(&running, "some text");
	poll(NULL, 0, 2500);
	expect_still_there(&running);
	mount_recover(mount);
	expect_end(&running, 0);
}

static void expect_pid_namespaces(void)
{
	struct outcome outcome;

	COMMAND(&outcome, "/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "true");
	if (outcome.wait_status != 0)
		command_skip("no pid namespaces here");
}

/* The text comes from the program, the next line from the library. */
static void expect_expiry(const struct running *running)
{
	char line[512];

	expect_line(running, "some text");
	command_line(running, line, sizeof(line));
	assert_non_null(strstr(line, "goes on in the background"));
}

static void expect_held_namespace(const char *script, const char *name)
{
	struct running running = start(script);
	char expected[256];

	snprintf(expected, sizeof(expected),
		 "curfew: a close of %s is still stuck, and this is process 1 of its pid "
		 "namespace: the namespace ends when that returns",
		 name);
	expect_expiry(&running);
	expect_line(&running, expected);
	expect_still_there(&running);
	mount_recover(mount);
	expect_end(&running, 0);
	mount_hang(mount, WEDGE_FLUSH);
}

static void as_process_1_it_says_that_a_stuck_close_holds_the_namespace(void **state)
{
	(void)state;
	expect_pid_namespaces();
	expect_held_namespace("exec unshare --pid --fork --mount-proc "
			      "\"$0\" run cat \"$1\" 2>&1",
			      "cat");
	/* One that /proc of another namespace shows, and one of a program's child. */
	expect_held_namespace("exec unshare --pid --fork \"$0\" run cat \"$1\" 2>&1",
			      "cat");
	expect_held_namespace("exec unshare --pid --fork --mount-proc "
			      "\"$0\" run sh -c 'cat \"$0\"; true' \"$1\" 2>&1",
			      "sh");
}

static void as_process_1_it_finds_a_hand_whose_process_lives_on_too(void **state)
{
	struct running running;
	char line[512] = "";

	(void)state;
	expect_pid_namespaces();
	setenv("CLOSED", scratch_path("closed"), 1);
	running = start("exec unshare --pid --fork --mount-proc \"$0\" run sh -c '"
			"(exec 3<\"$0\"; exec 3<&-; : >\"$CLOSED\"; exec sleep 60) & "
			"until [ -e \"$CLOSED\" ]; do sleep 0.01; done' \"$1\" 2>&1");
	while (!strstr(line, "a close of sh is still stuck"))
		command_line(&running, line, sizeof(line));
	mount_recover(mount);
	expect_end(&running, 0);
}

static void as_process_1_it_says_nothing_when_quiet_or_nothing_is_stuck(void **state)
{
	struct running running;

	(void)state;
	expect_pid_namespaces();
	running = start("exec unshare --pid --fork --mount-proc "
			"\"$0\" run -q cat \"$1\" 2>&1");
	expect_line(&running, "some text");
	expect_still_there(&running);
	mount_recover(mount);
	expect_end(&running, 0);
	running = start("exec unshare --pid --fork --mount-proc "
			"\"$0\" run cat \"$1\" 2>&1");
	expect_line(&running, "some text");
	expect_end(&running, 0);
}

static void as_a_subreaper(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void elsewhere_a_stuck_close_holds_nothing_and_nothing_is_said(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c",  "exec \"$0\" run cat \"$1\" 2>&1",
				     CURFEW,	notes, NULL };
	struct running running;

	(void)state;
	expect_pid_namespaces();
	running = command_start(argv, as_a_subreaper); /* the hand becomes its child */
	expect_expiry(&running);
	expect_end(&running, 0);
	/* Nor is that hand one of a namespace beneath, whose /proc shows it. */
	running = start("exec unshare --pid --fork \"$0\" run true 2>&1");
	expect_end(&running, 0);
}

int main(void)
{
#define TEST(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, given_a_mount_whose_closes_hang,       \
					free_it)
	const struct CMUnitTest tests[] = {
		TEST(what_sigkill_does_not_end_is_said_once_and_waited_for),
		TEST(quiet_waits_for_it_without_a_word),
		TEST(a_program_stuck_in_its_exec_does_not_hold_the_command_up),
		TEST(what_its_own_forced_exit_does_not_end_is_said_too),
		TEST(a_forced_exit_of_a_child_is_not_the_programs),
		TEST(as_process_1_it_says_that_a_stuck_close_holds_the_namespace),
		TEST(as_process_1_it_finds_a_hand_whose_process_lives_on_too),
		TEST(as_process_1_it_says_nothing_when_quiet_or_nothing_is_stuck),
		TEST(elsewhere_a_stuck_close_holds_nothing_and_nothing_is_said),
	};
	const char *reason = scratch_enter();

	if (reason) {
		print_message("skipped: %s\n", reason);
		return 77;
	}
	int failed = cmocka_run_group_tests_name("stuck", tests, NULL, NULL);
	scratch_leave();
	return command_result(failed);
}
