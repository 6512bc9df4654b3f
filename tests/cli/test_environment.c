/* SPDX-License-Identifier: MIT */
/*
 * test_environment.c - what the program inherits is what the command was given, and the
 * library in front.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "command.h"

#define LIBRARY CURFEW_PREFIX "/" CURFEW_LIBRARY

/* LD_PRELOAD as the program gets it when the user had set `given`. What is not there is
   only complained about by the loader. */
static void expect_preload(const char *given, const char *expected)
{
	const char *runtime =
		getenv("CURFEW_TEST_RUNTIME"); /* the tests' own, put first */
	struct outcome outcome;
	char line[4096];

	if (given)
		setenv("LD_PRELOAD", given, 1);
	COMMAND(&outcome, CURFEW, "run", "sh", "-c", "echo \"$LD_PRELOAD\"");
	unsetenv("LD_PRELOAD");
	command_expect(&outcome, 0);
	snprintf(line, sizeof(line), "%s%s%s\n", runtime ? runtime : "",
		 runtime ? ":" : "", expected);
	assert_string_equal(outcome.out, line);
}

static void preloads_of_others_are_kept_behind_the_library(void **state)
{
	(void)state;
	expect_preload(NULL, LIBRARY);
	expect_preload("", LIBRARY);
	expect_preload("/lib/one.so", LIBRARY ":/lib/one.so");
	expect_preload("/lib/one.so two.so", LIBRARY ":/lib/one.so:two.so");
	expect_preload(":/lib/one.so::", LIBRARY ":/lib/one.so");
}

static void the_runtime_of_a_sanitizer_stays_first(void **state)
{
	(void)state;
	expect_preload("/x/one.so:/x/libasan.so.8",
		       "/x/libasan.so.8:" LIBRARY ":/x/one.so");
	expect_preload("/x/libtsan.so.2", "/x/libtsan.so.2:" LIBRARY);
	expect_preload("one.so /x/libubsan.so.1 /x/liblsan.so.0",
		       "/x/libubsan.so.1:/x/liblsan.so.0:" LIBRARY ":one.so");
	expect_preload("/x/libclang_rt.asan-x86_64.so",
		       "/x/libclang_rt.asan-x86_64.so:" LIBRARY);
	expect_preload("/libasan.so/one.so", LIBRARY ":/libasan.so/one.so");
}

static void the_library_is_named_once_however_often_the_command_is_nested(void **state)
{
	struct outcome outcome;

	(void)state;
	expect_preload("/elsewhere/libcurfew.so:one.so", LIBRARY ":one.so");
	COMMAND(&outcome, "/usr/bin/env", "CURFEW_RUN=of an outer one", CURFEW, "run",
		"true");
	command_expect(&outcome, 0);
	COMMAND(&outcome, CURFEW, "run", CURFEW, "run", CURFEW, "run", "sh", "-c",
		"echo \"$LD_PRELOAD\" | grep -o libcurfew | wc -l; exit 6");
	command_expect(&outcome, 6);
	assert_string_equal(outcome.out, "1\n");
	assert_string_equal(outcome.err, "");
}

static void expect_refused_path(const char *name)
{
	struct outcome outcome;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bin/curfew", command_copy_prefix(name));
	COMMAND(&outcome, path, "run", "echo", "run");
	command_expect(&outcome, 125);
	assert_string_equal(outcome.out, "");
	assert_int_equal(command_lines(outcome.err), 1);
	assert_non_null(strstr(outcome.err, "LD_PRELOAD cannot name"));
	command_remove_copy(NULL);
}

static void a_library_path_that_ld_preload_cannot_name_is_refused(void **state)
{
	(void)state;
	expect_refused_path("with space");
	expect_refused_path("with:colon");
}

static void a_moved_installation_uses_its_own_library(void **state)
{
	struct outcome outcome;
	char path[PATH_MAX];
	const char *prefix = command_copy_prefix("moved");

	(void)state;
	snprintf(path, sizeof(path), "%s/bin/curfew", prefix);
	COMMAND(&outcome, path, "run", "sh", "-c", "echo \"$LD_PRELOAD\"");
	command_expect(&outcome, 0);
	assert_non_null(strstr(outcome.out, prefix));
}

static void a_missing_library_is_refused(void **state)
{
	struct outcome outcome;
	char path[PATH_MAX];
	char library[PATH_MAX + 64];
	const char *prefix = command_copy_prefix("broken");

	(void)state;
	snprintf(path, sizeof(path), "%s/bin/curfew", prefix);
	snprintf(library, sizeof(library), "%s/%s", prefix, CURFEW_LIBRARY);
	assert_int_equal(unlink(library), 0);
	COMMAND(&outcome, path, "run", "echo", "run");
	command_expect(&outcome, 125);
	assert_string_equal(outcome.out, "");
	assert_int_equal(command_lines(outcome.err), 1);
	assert_non_null(strstr(outcome.err, library));
}

/* The output of `script` stock and under curfew, each run by `env` with its words. */
static void expect_as_stock(const char *env, const char *script)
{
	static struct outcome stock;
	static struct outcome bounded;

	COMMAND(&stock, "/usr/bin/env", env, "/bin/bash", "-c", script);
	COMMAND(&bounded, "/usr/bin/env", env, CURFEW, "run", "/bin/bash", "-c", script);
	assert_string_equal(bounded.out, stock.out);
	assert_string_equal(bounded.err, stock.err);
	assert_int_equal(bounded.wait_status, stock.wait_status);
	assert_true(strlen(stock.out) > 0);
}

static void the_program_gets_no_descriptor_of_ours(void **state)
{
	(void)state;
	expect_as_stock("A=1", "echo /proc/self/fd/*");
	expect_as_stock("A=1", "exec 0<&- 2>&-; echo /proc/self/fd/*");
}

static void mask_dispositions_limits_and_group_are_those_given_to_us(void **state)
{
	static const char script[] = "grep Sig[PBIC] /proc/self/status";

	(void)state;
	expect_as_stock("--ignore-signal=HUP,PIPE,TSTP,CHLD", script);
	expect_as_stock("--block-signal=USR1,CHLD,TERM,INT", script);
	expect_as_stock("A=1", "exec cat /proc/self/limits");
	expect_as_stock("A=1", "exec cut -d' ' -f5-8 /proc/self/stat");
	expect_as_stock("A=1", "umask; pwd; env -u LD_PRELOAD -u CURFEW_RUN -u _ | sort");
}

static void an_ignored_sigchld_stays_ignored_and_the_status_is_not_lost(void **state)
{
	static const char env[] = "/usr/bin/env";
	static const char ignoring[] = "--ignore-signal=CHLD";
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, env, ignoring, CURFEW, "run", "grep", "SigIgn",
		"/proc/self/status");
	command_expect(&outcome, 0);
	assert_string_equal(outcome.out, "SigIgn:\t0000000000010000\n");
	COMMAND(&outcome, env, ignoring, CURFEW, "run", "sh", "-c", "exit 5");
	command_expect(&outcome, 5);
}

static void stdin_is_the_programs(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, "/bin/sh", "-c", "echo typed | " CURFEW " run cat");
	command_expect(&outcome, 0);
	assert_string_equal(outcome.out, "typed\n");
}

static void options_reach_the_library_through_the_environment(void **state)
{
	struct outcome outcome;
	char here[PATH_MAX];
	char expected[PATH_MAX * 2];

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	COMMAND(&outcome, CURFEW, "run", "-q", "--observe", "-t", "write=2s", "-e",
		"events-%p", "sh", "-c",
		"cd /; echo $CURFEW $CURFEW_QUIET $CURFEW_DEADLINE_WRITE $CURFEW_EVENTS");
	command_expect(&outcome, 0);
	snprintf(expected, sizeof(expected), "observe 1 2s %s/events-%%p\n", here);
	assert_string_equal(outcome.out, expected);
}

static void events_go_to_the_file_named(void **state)
{
	struct outcome outcome;
	static const char file[] = "environment.events";

	(void)state;
	unlink(file);
	COMMAND(&outcome, CURFEW, "run", "-q", "-e", file, LINGERER, "0");
	command_expect(&outcome, 0);
	COMMAND(&outcome, "/bin/grep", "-c", "\"ending\":\"expired\"", file);
	assert_string_equal(outcome.out, "1\n");
	assert_int_equal(unlink(file), 0);
}

static void nothing_is_left_in_tmpdir(void **state)
{
	struct outcome outcome;
	char directory[] = "/tmp/curfew-test-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(directory));
	setenv("TMPDIR", directory, 1);
	COMMAND(&outcome, CURFEW, "run", "sh", "-c",
		"stat -c %a $CURFEW_RUN; kill -TERM $$");
	assert_string_equal(outcome.out, "600\n");
	COMMAND(&outcome, CURFEW, "run", "no-such-program");
	COMMAND(&outcome, CURFEW, "run", "sh", "-c",
		"rm $CURFEW_RUN; mkfifo $CURFEW_RUN");
	command_expect(&outcome, 0);
	assert_string_equal(outcome.err, "");
	unsetenv("TMPDIR");
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preloads_of_others_are_kept_behind_the_library),
		cmocka_unit_test(the_runtime_of_a_sanitizer_stays_first),
		cmocka_unit_test(
			the_library_is_named_once_however_often_the_command_is_nested),
		cmocka_unit_test_teardown(
			a_library_path_that_ld_preload_cannot_name_is_refused,
			command_remove_copy),
		cmocka_unit_test_teardown(a_moved_installation_uses_its_own_library,
					  command_remove_copy),
		cmocka_unit_test_teardown(a_missing_library_is_refused,
					  command_remove_copy),
		cmocka_unit_test(the_program_gets_no_descriptor_of_ours),
		cmocka_unit_test(
			mask_dispositions_limits_and_group_are_those_given_to_us),
		cmocka_unit_test(
			an_ignored_sigchld_stays_ignored_and_the_status_is_not_lost),
		cmocka_unit_test(stdin_is_the_programs),
		cmocka_unit_test(options_reach_the_library_through_the_environment),
		cmocka_unit_test(events_go_to_the_file_named),
		cmocka_unit_test(nothing_is_left_in_tmpdir),
	};

	return command_result(
		cmocka_run_group_tests_name("environment", tests, NULL, NULL));
}
