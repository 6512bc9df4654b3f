/* SPDX-License-Identifier: MIT */
/*
 * test_status.c - the command ends as the program ended.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "command.h"

static void every_exit_status_is_the_programs_own(void **state)
{
	struct outcome outcome;
	char script[32];

	(void)state;
	for (int status = 0; status <= 255; status++) {
		snprintf(script, sizeof(script), "exit %d", status);
		COMMAND(&outcome, CURFEW, "run", "sh", "-c", script);
		command_expect(&outcome, status);
		assert_string_equal(outcome.err, "");
	}
}

static void what_cannot_be_executed_is_126_and_what_is_not_there_127(void **state)
{
	static const struct {
		const char *program;
		int status;
	} cases[] = {
		{ "/etc/passwd", 126 },	    { "/tmp", 126 },
		{ "/etc/passwd/x", 126 },   { "/nonexistent/program", 127 },
		{ "no-such-program", 127 }, { "", 127 },
	};
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		COMMAND(&outcome, CURFEW, "run", cases[i].program);
		command_expect(&outcome, cases[i].status);
		assert_int_equal(command_lines(outcome.err), 1);
		assert_non_null(strstr(outcome.err, cases[i].program));
	}
}

static void
the_signal_that_ended_the_program_ends_the_command_without_a_core(void **state)
{
	static const int signals[] = { SIGHUP,	SIGINT,	 SIGQUIT, SIGILL,
				       SIGABRT, SIGBUS,	 SIGFPE,  SIGKILL,
				       SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE,
				       SIGALRM, SIGTERM, SIGXCPU, 40 };
	struct outcome outcome;
	char script[64];

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		snprintf(script, sizeof(script), "ulimit -c 0; kill -%d $$", signals[i]);
		COMMAND(&outcome, CURFEW, "run", "--strict", "sh", "-c", script);
		assert_true(WIFSIGNALED(outcome.wait_status));
		assert_int_equal(WTERMSIG(outcome.wait_status), signals[i]);
		assert_false(WCOREDUMP(outcome.wait_status));
		assert_string_equal(outcome.err, "");
	}
}

static void as_process_1_of_a_container_a_signal_becomes_its_shell_status(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, "/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "true");
	if (outcome.wait_status != 0)
		command_skip("no pid namespaces here");
	COMMAND(&outcome, "/usr/bin/unshare", "--pid", "--fork", "--mount-proc", CURFEW,
		"run", "sh", "-c", "kill -TERM $$");
	command_expect(&outcome, 128 + SIGTERM);
}

static void strict_turns_a_success_with_a_cleanup_cut_into_124(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "--strict", LINGERER, "0");
	command_expect(&outcome, 124);
	assert_in_range(outcome.elapsed_ms, 300, 2000);
	COMMAND(&outcome, CURFEW, "run", "--strict", LINGERER, "5");
	command_expect(&outcome, 5);
	COMMAND(&outcome, CURFEW, "run", LINGERER, "0");
	command_expect(&outcome, 0);
	COMMAND(&outcome, CURFEW, "run", "--strict", "true");
	command_expect(&outcome, 0);
}

static void strict_counts_what_the_programs_children_let_expire(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "--strict", "sh", "-c", LINGERER " 0; true");
	command_expect(&outcome, 124);
}

static void strict_counts_a_libcurl_cleanup_whose_wait_was_ended(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "--strict", "-v", QUITTER, "0");
	command_expect(&outcome, 124);
	assert_in_range(outcome.elapsed_ms, 200, 2000);
	assert_non_null(strstr(outcome.err, "curl_easy_cleanup: "));
	assert_non_null(strstr(outcome.err, "cut at their deadline: 1\n"));
	COMMAND(&outcome, CURFEW, "run", "--strict", QUITTER, "5");
	command_expect(&outcome, 5);
}

static void a_libcurl_cleanup_is_observed_as_a_close_is(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "--observe", "--strict", "-v", QUITTER, "0");
	command_expect(&outcome, 0);
	assert_true(outcome.elapsed_ms >= 2900);
	assert_non_null(strstr(outcome.err, "would have been cut: 1\n"));
}

static void expect_userfaultfd(void)
{
	struct outcome outcome;

	COMMAND(&outcome, UNMAPPER, "0");
	if (WIFEXITED(outcome.wait_status) && WEXITSTATUS(outcome.wait_status) == 77)
		command_skip("no userfaultfd here");
	command_expect(&outcome, 0);
	assert_true(outcome.elapsed_ms >= 2900);
}

static void a_munmap_is_cut_counted_and_observed_as_a_close_is(void **state)
{
	struct outcome outcome;

	(void)state;
	expect_userfaultfd();
	COMMAND(&outcome, CURFEW, "run", "--strict", "-v", UNMAPPER, "0");
	command_expect(&outcome, 124);
	assert_in_range(outcome.elapsed_ms, 300, 2000);
	assert_non_null(strstr(outcome.err, "munmap 0x"));
	assert_non_null(strstr(outcome.err, "cut at their deadline: 1\n"));
	COMMAND(&outcome, CURFEW, "run", "-t", "mmap=700ms", UNMAPPER, "5");
	command_expect(&outcome, 5);
	assert_in_range(outcome.elapsed_ms, 700, 2200);
	COMMAND(&outcome, CURFEW, "run", "--observe", "--strict", "-v", UNMAPPER, "0");
	command_expect(&outcome, 0);
	assert_true(outcome.elapsed_ms >= 2900);
	assert_non_null(strstr(outcome.err, "would have been cut: 1\n"));
}

/* It takes a mount to park something: the line of the library is written for it. */
static void strict_counts_what_was_parked(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "--strict", "sh", "-c",
		"echo '{\"call\":\"close\",\"ending\":\"parked\"}' >>$CURFEW_RUN");
	command_expect(&outcome, 124);
}

static void observe_cuts_nothing_and_says_what_would_have_been(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "--observe", "--strict", "-v", LINGERER, "0");
	command_expect(&outcome, 0);
	assert_true(outcome.elapsed_ms >= 2900);
	assert_non_null(strstr(outcome.err, "would have been cut: 1\n"));
}

static void verbose_sums_up_in_one_line_at_the_end(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "-v", "sh", "-c", "env true; exit 4");
	command_expect(&outcome, 4);
	assert_int_equal(command_lines(outcome.err), 1);
	assert_non_null(strstr(outcome.err, "sh ended with status 4"));
	assert_non_null(strstr(outcome.err, "cut at their deadline: 0\n"));
}

static void quiet_says_nothing_even_when_something_expires(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", LINGERER, "0");
	assert_int_equal(command_lines(outcome.err), 1);
	COMMAND(&outcome, CURFEW, "run", "-q", LINGERER, "0");
	command_expect(&outcome, 0);
	assert_string_equal(outcome.err, "");
	assert_in_range(outcome.elapsed_ms, 300, 2000);
}

static void the_deadline_of_a_class_is_the_one_typed_last(void **state)
{
	struct outcome outcome;

	(void)state;
	COMMAND(&outcome, CURFEW, "run", "-t", "socket=off", "-t", "socket=700ms",
		LINGERER, "0");
	command_expect(&outcome, 0);
	assert_in_range(outcome.elapsed_ms, 700, 2200);
	COMMAND(&outcome, CURFEW, "run", "-t", "curl=700ms", QUITTER, "0");
	command_expect(&outcome, 0);
	assert_in_range(outcome.elapsed_ms, 700, 2200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_exit_status_is_the_programs_own),
		cmocka_unit_test(
			what_cannot_be_executed_is_126_and_what_is_not_there_127),
		cmocka_unit_test(
			the_signal_that_ended_the_program_ends_the_command_without_a_core),
		cmocka_unit_test(
			as_process_1_of_a_container_a_signal_becomes_its_shell_status),
		cmocka_unit_test(strict_turns_a_success_with_a_cleanup_cut_into_124),
		cmocka_unit_test(strict_counts_what_the_programs_children_let_expire),
		cmocka_unit_test(strict_counts_a_libcurl_cleanup_whose_wait_was_ended),
		cmocka_unit_test(a_libcurl_cleanup_is_observed_as_a_close_is),
		cmocka_unit_test(a_munmap_is_cut_counted_and_observed_as_a_close_is),
		cmocka_unit_test(strict_counts_what_was_parked),
		cmocka_unit_test(observe_cuts_nothing_and_says_what_would_have_been),
		cmocka_unit_test(verbose_sums_up_in_one_line_at_the_end),
		cmocka_unit_test(quiet_says_nothing_even_when_something_expires),
		cmocka_unit_test(the_deadline_of_a_class_is_the_one_typed_last),
	};
	struct rlimit core;

	/* The command could leave a core, if it did nothing about it. */
	getrlimit(RLIMIT_CORE, &core);
	core.rlim_cur = core.rlim_max;
	setrlimit(RLIMIT_CORE, &core);
	return command_result(cmocka_run_group_tests_name("status", tests, NULL, NULL));
}
