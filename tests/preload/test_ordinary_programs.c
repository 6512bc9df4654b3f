/* SPDX-License-Identifier: MIT */
/*
 * test_ordinary_programs.c - programs that do not hang are not changed: the commands of
 * ordinary.sh print, return and leave behind the same, stock and preloaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"
#include "suite.h"

#define SCRIPT	  CURFEW_TEST_SOURCES "/ordinary.sh"
#define SCRIPT_MS 120000

static void require_programs(void)
{
	static const char *const programs[] = { "/bin/bash", "/usr/bin/tar",
						"/usr/bin/make", "/usr/bin/python3",
						"/usr/bin/git" };

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		if (access(programs[i], X_OK) != 0)
			suite_skip(programs[i]);
	}
}

/* Both runs in a directory of the same name, so that every path is the same. */
static struct running *run_script(int is_stock, const char *output, const char *loaded)
{
	const char *home = scratch_path("home");
	char line[1024], variable[256];

	snprintf(
		line, sizeof(line),
		"rm -rf '%s' && mkdir '%s' && cd '%s' && exec '%s' >'%s' 2>&1 </dev/null",
		home, home, home, SCRIPT, output);
	snprintf(variable, sizeof(variable), "CURFEW_RUN=%s", loaded);
	scratch_put(loaded, "");
	struct running *running = run_start(
		&(struct run_order){ "/bin/bash",
				     { "-c", line },
				     { variable, "PATH=/usr/local/bin:/usr/bin:/bin" },
				     is_stock });
	run_assert_ends(running, SCRIPT_MS, 0);
	return running;
}

static int count_of(const char *path, const char *word)
{
	char *text = scratch_text(path);
	int count = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		count++;
	free(text);
	return count;
}

/* The first line that differs, for a reader of the log. */
static void assert_same_text(const char *stock, const char *preloaded)
{
	char *a = scratch_text(stock), *b = scratch_text(preloaded);
	size_t same = 0, line = 0;

	for (; a[same] && a[same] == b[same]; same++)
		line = a[same] == '\n' ? same + 1 : line;
	if (a[same] || b[same])
		fail_msg("stock: %.200s\npreloaded: %.200s", a + line, b + line);
	free(a);
	free(b);
}

static void every_command_of_a_script_is_the_same_stock_and_preloaded(void **state)
{
	const char *stock_output = scratch_path("stock");
	const char *preloaded_output = scratch_path("preloaded");
	const char *stock_loaded = scratch_path("stock-loaded");
	const char *preloaded_loaded = scratch_path("preloaded-loaded");

	(void)state;
	require_programs();
	run_script(1, stock_output, stock_loaded);
	struct running *preloaded = run_script(0, preloaded_output, preloaded_loaded);
	assert_true(count_of(stock_output, "-- status ") > 50);
	assert_same_text(stock_output, preloaded_output);
	assert_int_equal(count_of(stock_loaded, "\"loaded\""), 0);
	assert_true(count_of(preloaded_loaded, "\"loaded\"") > 100);
	char *events = scratch_text(preloaded->events);
	assert_string_equal(events, "");
	free(events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(every_command_of_a_script_is_the_same_stock_and_preloaded),
	};

	return suite_run(tests);
}
