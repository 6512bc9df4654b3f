/* SPDX-License-Identifier: MIT */
/*
 * test_command_line.c - what a user types wrongly is told in one line, and nothing runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "command.h"

#define MARK                                                                             \
	"command_line.mark" /* what the program would make, in the current directory */
#define TOUCH "touch", MARK
#define WORDS 8

struct wrong {
	const char *words[WORDS]; /* after `curfew` */
	const char *says;	  /* must be part of the line */
	const char *variable;	  /* environment, if any */
	const char *value;
};

static const struct wrong wrongs[] = {
	/* the command */
	{ .words = { NULL }, .says = "no verb" },
	{ .words = { "" }, .says = "no verb ''" },
	{ .words = { "touch", MARK }, .says = "curfew run touch" },
	{ .words = { "Run", TOUCH }, .says = "no verb 'Run'" },
	{ .words = { "--nonsense", "run", TOUCH }, .says = "--nonsense" },
	{ .words = { "-t", "write=2s", "run", TOUCH }, .says = "'t'" },
	{ .words = { "a\nb" }, .says = "no verb 'a?b'" },
	/* the options of run */
	{ .words = { "run" }, .says = "no program" },
	{ .words = { "run", "--" }, .says = "no program" },
	{ .words = { "run", "-q" }, .says = "no program" },
	{ .words = { "run", "--nonsense", TOUCH }, .says = "--nonsense" },
	{ .words = { "run", "-x", TOUCH }, .says = "'x'" },
	{ .words = { "run", "-qx", TOUCH }, .says = "'x'" },
	{ .words = { "run", "--observe=yes", TOUCH }, .says = "--observe" },
	{ .words = { "run", "-q", "-v", TOUCH }, .says = "contradict" },
	{ .words = { "run", "-vq", TOUCH }, .says = "contradict" },
	{ .words = { "run", "-t" }, .says = "'t'" },
	{ .words = { "run", "--deadline" }, .says = "--deadline" },
	{ .words = { "run", "-e" }, .says = "'e'" },
	{ .words = { "demo", "--nonsense" }, .says = "--nonsense" },
	{ .words = { "demo", TOUCH }, .says = "touch" },
	/* classes and durations */
	{ .words = { "run", "-t", TOUCH }, .says = "CLASS=DURATION" },
	{ .words = { "run", "-t", "", TOUCH }, .says = "CLASS=DURATION" },
	{ .words = { "run", "-t", "write", TOUCH }, .says = "CLASS=DURATION" },
	{ .words = { "run", "-t", "=2s", TOUCH }, .says = "no class ''" },
	{ .words = { "run", "-t", "wrtie=2s", TOUCH },
	  .says = "the classes are file, write, socket, mmap, curl" },
	{ .words = { "run", "-t", "WRITE=2s", TOUCH }, .says = "no class 'WRITE'" },
	{ .words = { "run", "-t", "write=", TOUCH }, .says = "duration" },
	{ .words = { "run", "-t", "write=5", TOUCH }, .says = "duration" },
	{ .words = { "run", "-t", "write=-5s", TOUCH }, .says = "duration" },
	{ .words = { "run", "-t", "write=5 s", TOUCH }, .says = "duration" },
	{ .words = { "run", "-t", "write=5sec", TOUCH }, .says = "duration" },
	{ .words = { "run", "-t", "write=1e3ms", TOUCH }, .says = "duration" },
	{ .words = { "run", "-t", "write=99999999h", TOUCH }, .says = "duration" },
	{ .words = { "run", "-t", "write=nan", TOUCH }, .says = "duration" },
	{ .words = { "run", "-t", "write=2s", "-t", "file=x", TOUCH }, .says = "'x'" },
	{ .words = { "run", "-t", "mmap=xyz", TOUCH }, .says = "'xyz'" },
	{ .words = { "run", "-t", "curl=xyz", TOUCH }, .says = "'xyz'" },
	/* the grace */
	{ .words = { "run", "--kill-after" }, .says = "--kill-after" },
	{ .words = { "run", "--kill-after", "5", TOUCH }, .says = "duration" },
	{ .words = { "run", "--kill-after=", TOUCH }, .says = "duration" },
	{ .words = { "run", "--kill-after", "-1s", TOUCH }, .says = "duration" },
	{ .words = { "run", "--kill-after", "soon", TOUCH }, .says = "'soon'" },
	/* files */
	{ .words = { "run", "-e", "", TOUCH }, .says = "events" },
	{ .words = { "run", "-e", "/", TOUCH }, .says = "directory" },
	{ .words = { "run", "-e", "/nonexistent/events", TOUCH },
	  .says = "/nonexistent/events" },
	{ .words = { "run", "-e", "/dev/null/events", TOUCH },
	  .says = "/dev/null/events" },
	{ .words = { "run", "-e", "/proc/events", TOUCH }, .says = "/proc/events" },
	{ .words = { "run", "-e", "/nonexistent/%p", TOUCH }, .says = "/nonexistent/%p" },
	/* the environment */
	{ { "run", TOUCH }, "CURFEW=on in the env", "CURFEW", "on" },
	{ { "run", TOUCH }, "CURFEW= in the env", "CURFEW", "" },
	{ { "run", TOUCH }, "duration", "CURFEW_DEADLINE_FILE", "soon" },
	{ { "run", TOUCH }, "duration", "CURFEW_DEADLINE_WRITE", "5" },
	{ { "run", TOUCH }, "duration", "CURFEW_DEADLINE_SOCKET", "0.5" },
	{ { "run", TOUCH }, "duration", "CURFEW_DEADLINE_MMAP", "0.3" },
	{ { "run", TOUCH }, "duration", "CURFEW_DEADLINE_CURL", "200" },
	{ { "run", TOUCH }, "duration", "CURFEW_DEADLINE_OTHER", "OFF" },
	{ { "run", TOUCH }, "eio or ok", "CURFEW_ON_EXPIRY_WRITE", "EIO" },
	{ { "run", TOUCH }, "0 or 1", "CURFEW_QUIET", "yes" },
	{ { "run", TOUCH }, "TMPDIR", "TMPDIR", "/nonexistent" },
};

static bool was_run(void)
{
	return unlink(MARK) == 0;
}

static void expect_refusal(const struct wrong *wrong)
{
	const char *words[WORDS + 1] = { CURFEW };
	struct outcome outcome;

	memcpy(words + 1, wrong->words, sizeof(words) - sizeof(*words));
	if (wrong->variable)
		setenv(wrong->variable, wrong->value, 1);
	command_run(&outcome, words);
	if (wrong->variable)
		unsetenv(wrong->variable);
	print_message("%s", outcome.err);
	command_expect(&outcome, 125);
	assert_int_equal(command_lines(outcome.err), 1);
	assert_non_null(strstr(outcome.err, wrong->says));
	assert_string_equal(outcome.out, "");
	assert_false(was_run());
}

static void every_wrong_command_line_gets_one_clear_line_and_125(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++)
		expect_refusal(&wrongs[i]);
}

static void right_values_run_the_program(void **state)
{
	static const char *const rights[][WORDS] = {
		{ "run", TOUCH },
		{ "run", "--", TOUCH },
		{ "run", "-t", "write=250ms", "-t", "file=0", TOUCH },
		{ "run", "-twrite=1.5s", "--deadline=other=off", "-tcurl=1s", TOUCH },
		{ "run", "--observe", "--strict", "-v", "--", TOUCH },
		{ "run", "-t", "mmap=off", "-t", "mmap=2s", TOUCH },
		{ "run", "-e", "/dev/null", "-q", TOUCH },
		{ "run", "--kill-after", "1.5s", "--kill-after=off", TOUCH },
	};
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++) {
		const char *words[WORDS + 1] = { CURFEW };

		memcpy(words + 1, rights[i], sizeof(words) - sizeof(*words));
		command_run(&outcome, words);
		command_expect(&outcome, 0);
		assert_true(was_run());
	}
}

static void options_end_at_the_program_whose_own_are_left_alone(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "echo", "-t", "--help", "--", "-q");
	command_expect(&outcome, 0);
	assert_string_equal(outcome.out, "-t --help -- -q\n");
	COMMAND(&outcome, CURFEW, "run", "--", "echo", "--", "--version");
	command_expect(&outcome, 0);
	assert_string_equal(outcome.out, "-- --version\n");
}

static void help_and_version_go_to_stdout(void **state)
{
	static const char *const asks[][2] = {
		{ "--help", NULL },  { "--version", NULL },  { "--usage", NULL },
		{ "run", "--help" }, { "run", "--version" }, { "demo", "--help" },
	};
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++) {
		COMMAND(&outcome, CURFEW, asks[i][0], asks[i][1]);
		command_expect(&outcome, 0);
		assert_non_null(strstr(outcome.out, "curfew"));
		assert_string_equal(outcome.err, "");
	}
	COMMAND(&outcome, CURFEW, "--help");
	assert_non_null(strstr(outcome.out, "  run "));
	assert_non_null(strstr(outcome.out, "  demo "));
	COMMAND(&outcome, CURFEW, "run", "--help");
	assert_non_null(strstr(outcome.out, "mmap"));
	COMMAND(&outcome, CURFEW, "--version");
	assert_string_equal(outcome.out, "curfew " CURFEW_VERSION "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_command_line_gets_one_clear_line_and_125),
		cmocka_unit_test(right_values_run_the_program),
		cmocka_unit_test(options_end_at_the_program_whose_own_are_left_alone),
		cmocka_unit_test(help_and_version_go_to_stdout),
	};

	return command_result(
		cmocka_run_group_tests_name("command line", tests, NULL, NULL));
}
