/* SPDX-License-Identifier: MIT */
/*
 * test_say.c - few lines, whole, and never in the way.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "say.h"
#include "unit.h"

#define MOST_LINES 16

static int reader;
static char heard[65536];

static int given_a_pipe_for_stderr(void **state)
{
	(void)state;
	reader = unit_hear_stderr();
	return 0;
}

static const char *hear(void)
{
	ssize_t length = read(reader, heard, sizeof(heard) - 1);

	heard[length > 0 ? length : 0] = '\0';
	return heard;
}

static void say(const char *words)
{
	char bytes[256];
	struct cf_text line;

	cf_say_line(&line, bytes, sizeof(bytes));
	cf_text_add(&line, words);
	cf_say(&line);
}

static int count_lines(const char *text)
{
	int lines = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		lines++;
	}
	return lines;
}

static void a_line_begins_with_our_name_and_the_pid(void **state)
{
	char expected[64];

	(void)state;
	cf_say_begin(false);
	errno = EDOM;
	say("a word");
	assert_int_equal(errno, EDOM);
	snprintf(expected, sizeof(expected), "curfew[%d]: a word\n", (int)getpid());
	assert_string_equal(hear(), expected);
}

static void nothing_is_said_when_quiet_or_before_the_beginning(void **state)
{
	(void)state;
	say("too early");
	cf_say_begin(true);
	say("not asked for");
	assert_string_equal(hear(), "");
}

static void nothing_is_said_into_a_file_that_took_the_place_of_stderr(void **state)
{
	(void)state;
	cf_say_begin(false);
	int data = open(unit_path("data"), O_RDWR | O_CREAT, 0600);
	int stderr_before = dup(2);
	assert_int_equal(dup2(data, 2), 2);
	say("spoilt data");
	assert_int_equal(lseek(data, 0, SEEK_END), 0);
	close(2);
	say("into nothing");
	assert_int_equal(dup2(stderr_before, 2), 2);
	say("here again");
	assert_non_null(strstr(hear(), "here again"));
	assert_null(strstr(heard, "spoilt"));
	assert_null(strstr(heard, "nothing"));
}

static void a_full_pipe_is_not_waited_for(void **state)
{
	static char bytes[4096];
	int writer = dup(2);

	(void)state;
	cf_say_begin(false);
	assert_int_equal(fcntl(writer, F_SETFL, O_NONBLOCK), 0);
	while (write(writer, bytes, sizeof(bytes)) > 0)
		;
	assert_int_equal(fcntl(writer, F_SETFL, 0), 0);
	cf_instant began = cf_clock_now();
	say("lost");
	unit_assert_took(cf_clock_now() - began, 0, 10);
	while (read(reader, heard, sizeof(heard)) > 0)
		;
	say("heard");
	assert_non_null(strstr(hear(), "heard"));
	assert_null(strstr(heard, "lost"));
}

static void a_file_is_written_to_only_once_somebody_has_permitted_it(void **state)
{
	int file = open(unit_path("stderr"), O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(dup2(file, 2), 2);
	cf_say_begin(false);
	say("not yet");
	assert_int_equal(lseek(file, 0, SEEK_END), 0);
	cf_say_permit(true);
	say("permitted");
	assert_true(lseek(file, 0, SEEK_END) > 0);
	off_t size = lseek(file, 0, SEEK_END);
	cf_say_permit(false);
	say("no more");
	assert_int_equal(lseek(file, 0, SEEK_END), size);
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static void a_reader_that_is_gone_sends_the_program_no_signal(void **state)
{
	sigset_t pending;

	(void)state;
	signal(SIGPIPE, count_signal);
	cf_say_begin(false);
	close(reader);
	say("into the void");
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
	assert_int_equal(signals, 0);
	raise(SIGPIPE); /* its own, it gets */
	assert_int_equal(signals, 1);
}

/* On a terminal that stops background jobs which write to it. */
static void speak_in_the_background(int slave)
{
	struct termios modes;

	if (setsid() == -1 || ioctl(slave, TIOCSCTTY, 0) == -1 ||
	    tcgetattr(slave, &modes) == -1)
		_exit(77);
	modes.c_lflag |= TOSTOP;
	tcsetattr(slave, TCSANOW, &modes);
	pid_t job = fork();
	if (job == 0) {
		setpgid(0, 0);
		dup2(slave, 2);
		cf_say_begin(false);
		say("from the background");
		_exit(0);
	}
	int status = -1;
	waitpid(job, &status, WUNTRACED);
	if (WIFSTOPPED(status))
		kill(job, SIGKILL);
	_exit(status == 0 ? 0 : 1);
}

static void a_background_job_is_not_stopped_for_our_line(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), status = -1;

	(void)state;
	if (master == -1 || unlockpt(master) == -1)
		unit_skip("no pty");
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	pid_t session = fork();
	if (session == 0)
		speak_in_the_background(slave);
	assert_int_equal(waitpid(session, &status, 0), session);
	if (WEXITSTATUS(status) == 77)
		unit_skip("no session on a pty");
	assert_int_equal(status, 0);
	assert_true(read(master, heard, sizeof(heard)) > 0);
}

static void after_16_lines_there_is_silence(void **state)
{
	(void)state;
	cf_say_begin(false);
	for (int i = 0; i < MOST_LINES - 1; i++)
		say("again");
	assert_int_equal(count_lines(hear()), MOST_LINES - 1);
	assert_null(strstr(heard, "no more"));
	say("last");
	assert_non_null(strstr(hear(), "last (no more lines from this process)\n"));
	assert_int_equal(count_lines(heard), 1);
	say("never");
	assert_string_equal(hear(), "");
}

static void *say_ten_times(void *argument)
{
	(void)argument;
	for (int i = 0; i < 10; i++)
		say("0123456789");
	return NULL;
}

static void threads_do_not_mix_or_exceed_their_lines(void **state)
{
	pthread_t threads[4];
	char expected[64];
	int lines = 0;

	(void)state;
	cf_say_begin(false);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, say_ten_times, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	snprintf(expected, sizeof(expected), "curfew[%d]: 0123456789", (int)getpid());
	hear();
	for (char *at = strtok(heard, "\n"); at; at = strtok(NULL, "\n"), lines++)
		assert_int_equal(strncmp(at, expected, strlen(expected)), 0);
	assert_int_equal(lines, MOST_LINES);
}

static void say_in_child(void **state)
{
	(void)state;
	cf_say_after_fork();
	for (int i = 0; i < MOST_LINES + 1; i++)
		say("child");
}

static void a_forked_child_has_16_lines_of_its_own(void **state)
{
	(void)state;
	cf_say_begin(false);
	for (int i = 0; i < MOST_LINES; i++)
		say("parent");
	hear();
	unit_in_child(say_in_child, NULL);
	int lines = 0;
	hear();
	for (char *at = heard; (at = strstr(at, ": child")); at++)
		lines++;
	assert_int_equal(lines, MOST_LINES);
}

static void a_line_that_does_not_fit_is_cut_and_still_ends(void **state)
{
	char bytes[40];
	struct cf_text line;

	(void)state;
	cf_say_begin(false);
	cf_say_line(&line, bytes, sizeof(bytes));
	for (int i = 0; i < 50; i++)
		cf_text_add(&line, "x");
	assert_true(line.full);
	cf_say(&line);
	hear();
	assert_int_equal(strlen(heard), sizeof(bytes) - 1);
	assert_string_equal(heard + strlen(heard) - 2, "x\n");
}

#define SAY_TEST(function) cmocka_unit_test_setup(function, given_a_pipe_for_stderr)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SAY_TEST(a_line_begins_with_our_name_and_the_pid),
		SAY_TEST(nothing_is_said_when_quiet_or_before_the_beginning),
		SAY_TEST(nothing_is_said_into_a_file_that_took_the_place_of_stderr),
		SAY_TEST(a_full_pipe_is_not_waited_for),
		SAY_TEST(a_file_is_written_to_only_once_somebody_has_permitted_it),
		SAY_TEST(a_reader_that_is_gone_sends_the_program_no_signal),
		SAY_TEST(a_background_job_is_not_stopped_for_our_line),
		SAY_TEST(after_16_lines_there_is_silence),
		SAY_TEST(threads_do_not_mix_or_exceed_their_lines),
		SAY_TEST(a_forked_child_has_16_lines_of_its_own),
		SAY_TEST(a_line_that_does_not_fit_is_cut_and_still_ends),
	};

	return unit_run(tests);
}
