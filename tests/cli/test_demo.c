/* SPDX-License-Identifier: MIT */
/*
 * test_demo.c - `curfew demo` keeps what it shows, and leaves nothing behind.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "command.h"

#define ROWS	11
#define CLOSES	4 /* each in a row of its own, and so are these */
#define MUNMAPS 2
#define MAPPING 3		   /* the rows before that of the mapped file   */
#define LOOKUP	(CLOSES + MUNMAPS) /* then libcurl's two, and three ends     */

static char mounts_before[65536];
static int lifeline[2]; /* whoever the demo starts holds the second end of it */

static int given_the_mounts_of_this_machine(void **state)
{
	(void)state;
	command_read("/proc/self/mounts", mounts_before, sizeof(mounts_before));
	return pipe(lifeline);
}

static int count(const char *text, const char *word)
{
	int times = 0;

	while ((text = strstr(text, word)) != NULL) {
		times++;
		text += strlen(word);
	}
	return times;
}

static void expect_nothing_left(void)
{
	struct pollfd end = { .fd = lifeline[0], .events = POLLIN };
	char mounts[sizeof(mounts_before)];

	close(lifeline[1]);
	assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
	assert_true(end.revents & POLLHUP);
	close(lifeline[0]);
	command_read("/proc/self/mounts", mounts, sizeof(mounts));
	assert_string_equal(mounts, mounts_before);
}

static void the_demo_shows_every_hang_bounded_and_leaves_nothing(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "demo");
	printf("%s%s", outcome.out, outcome.err);
	command_expect(&outcome, 0);
	expect_nothing_left();
	if (count(outcome.out, "kept\n") < ROWS)
		command_skip("this machine cannot do every row of the demo");
	assert_int_equal(count(outcome.out, "kept\n"), ROWS);
	assert_int_equal(count(outcome.out, "cut off\n"), ROWS);
	assert_int_equal(count(outcome.out, "close returned"), CLOSES);
	assert_int_equal(count(outcome.out, "munmap returned 0"), MUNMAPS);
	assert_int_equal(count(outcome.out, " for the resolve of "), 1);
	assert_int_equal(count(outcome.out, " for the answer of "), 1);
	assert_int_equal(count(outcome.out, "exit fd "), 1);
	assert_int_equal(count(outcome.out, "; ended with status 7"), 2);
}

static void own_group(void)
{
	setpgid(0, 0);
}

/* An empty line ends each row. */
static void skip_rows(const struct running *running, int rows)
{
	char line[512];

	while (rows > 0) {
		command_line(running, line, sizeof(line));
		rows -= line[0] == '\0';
	}
}

/* End the demo in the middle of the hang that follows `rows`. */
static void interrupt_by(int signal_number, int rows)
{
	static const char *const argv[] = { CURFEW, "demo", NULL };
	struct running running = command_start(argv, own_group);
	char text[4096];

	command_line(&running, text, sizeof(text));
	skip_rows(&running, rows);
	poll(NULL, 0, 500);
	/* A terminal tells everybody, who kills it means the demo. */
	kill(signal_number == SIGINT ? -running.pid : running.pid, signal_number);
	command_rest(&running, text, sizeof(text));
	int wait_status = command_wait(&running, 0);
	assert_true(WIFSIGNALED(wait_status));
	assert_int_equal(WTERMSIG(wait_status), signal_number);
	expect_nothing_left();
}

static void an_interrupted_demo_leaves_nothing(void **state)
{
	(void)state;
	interrupt_by(SIGINT, 0);
}

static void a_killed_demo_leaves_nothing(void **state)
{
	(void)state;
	interrupt_by(SIGKILL, 0);
}

static void a_demo_that_is_killed_while_a_munmap_hangs_leaves_nothing(void **state)
{
	(void)state;
	interrupt_by(SIGKILL, MAPPING);
}

static void a_demo_that_is_interrupted_while_a_lookup_hangs_leaves_nothing(void **state)
{
	(void)state;
	interrupt_by(SIGINT, LOOKUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			the_demo_shows_every_hang_bounded_and_leaves_nothing,
			given_the_mounts_of_this_machine),
		cmocka_unit_test_setup(an_interrupted_demo_leaves_nothing,
				       given_the_mounts_of_this_machine),
		cmocka_unit_test_setup(a_killed_demo_leaves_nothing,
				       given_the_mounts_of_this_machine),
		cmocka_unit_test_setup(
			a_demo_that_is_killed_while_a_munmap_hangs_leaves_nothing,
			given_the_mounts_of_this_machine),
		cmocka_unit_test_setup(
			a_demo_that_is_interrupted_while_a_lookup_hangs_leaves_nothing,
			given_the_mounts_of_this_machine),
	};

	return command_result(cmocka_run_group_tests_name("demo", tests, NULL, NULL));
}
