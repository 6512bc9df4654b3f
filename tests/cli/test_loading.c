/* SPDX-License-Identifier: MIT */
/*
 * test_loading.c - the command says when the library could not get into the program.
 */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "command.h"

#define NOBODY 65534

static void a_static_program_runs_and_is_named_as_unbounded(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", UNLOADABLE);
	command_expect(&outcome, 3);
	assert_int_equal(command_lines(outcome.err), 1);
	assert_non_null(strstr(outcome.err, "did not load in " UNLOADABLE));
}

static void quiet_and_off_do_not_ask_for_the_library(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "-q", UNLOADABLE);
	command_expect(&outcome, 3);
	assert_string_equal(outcome.err, "");
	setenv("CURFEW", "off", 1);
	COMMAND(&outcome, CURFEW, "run", UNLOADABLE);
	unsetenv("CURFEW");
	command_expect(&outcome, 3);
	assert_string_equal(outcome.err, "");
}

static void a_program_that_loads_it_is_not_spoken_of(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "sh", "-c", UNLOADABLE "; true");
	command_expect(&outcome, 0);
	assert_string_equal(outcome.err, "");
}

static void what_other_processes_loaded_does_not_count(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", UNLOADABLE, "{\"pid\":1,\"ending\":\"loaded\"}");
	command_expect(&outcome, 3);
	assert_non_null(strstr(outcome.err, "did not load in "));
}

static void become_nobody(void)
{
	unsetenv("TMPDIR"); /* which is root's */
	if (setgroups(0, NULL) == -1 || setgid(NOBODY) == -1 || setuid(NOBODY) == -1)
		_exit(201);
}

static void a_set_uid_program_runs_and_is_named_as_unbounded(void **state)
{
	const char *prefix;
	char command[512];
	char program[512];
	char line[2048];

	(void)state;
	if (geteuid() != 0)
		command_skip("only root can make a set-uid program of another user");
	prefix = command_copy_prefix("prefix");
	snprintf(command, sizeof(command), "%s/bin/curfew", prefix);
	snprintf(program, sizeof(program), "%s/bin/set-uid-id", prefix);
	struct outcome outcome;
	COMMAND(&outcome, "/bin/cp", "/usr/bin/id", program);
	command_expect(&outcome, 0);
	assert_int_equal(chmod(program, 04755), 0);

	snprintf(line, sizeof(line), "%s run %s -u 2>&1", command, program);
	const char *const argv[] = { "/bin/sh", "-c", line, NULL };
	struct running running = command_start(argv, become_nobody);
	char rest[4096];
	command_rest(&running, rest, sizeof(rest));
	int wait_status = command_wait(&running, 0);
	if (strcmp(rest, "65534\n") == 0)
		command_skip("/tmp is mounted nosuid");
	assert_int_equal(wait_status, 0);
	assert_memory_equal(rest, "0\n", 2);
	assert_int_equal(command_lines(rest), 2);
	assert_non_null(strstr(rest, "did not load in "));
}

static void lines_of_strangers_in_the_record_break_nothing(void **state)
{
	static const char script[] =
		"printf '\\n\\0{\"pid\":\\n[]\\nnull\\n{}\\n{\"pid\":1,\"ending\":7}\\n' "
		">>$CURFEW_RUN;"
		"printf '{\"ending\":\"loaded\"}\\n\"expired\"\\n' >>$CURFEW_RUN;"
		"head -c 300000 /dev/zero | tr '\\0' '[' >>$CURFEW_RUN;"
		"head -c 300000 /dev/urandom >>$CURFEW_RUN; exit 8";
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "--strict", "sh", "-c", script);
	command_expect(&outcome, 8);
	assert_string_equal(outcome.err, "");
}

static void a_program_that_hides_the_record_ends_as_it_likes(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "--strict", "sh", "-c",
		": >$CURFEW_RUN; chmod 0 $CURFEW_RUN; exit 4");
	command_expect(&outcome, 4);
	assert_int_equal(command_lines(outcome.err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_static_program_runs_and_is_named_as_unbounded),
		cmocka_unit_test(quiet_and_off_do_not_ask_for_the_library),
		cmocka_unit_test(a_program_that_loads_it_is_not_spoken_of),
		cmocka_unit_test(what_other_processes_loaded_does_not_count),
		cmocka_unit_test_teardown(
			a_set_uid_program_runs_and_is_named_as_unbounded,
			command_remove_copy),
		cmocka_unit_test(lines_of_strangers_in_the_record_break_nothing),
		cmocka_unit_test(a_program_that_hides_the_record_ends_as_it_likes),
	};

	return command_result(cmocka_run_group_tests_name("loading", tests, NULL, NULL));
}
