/* SPDX-License-Identifier: MIT */
/*
 * test_curl_programs.c - what lies beside us in a process on libcurl: callbacks of a
 * language, other libcurls, other preloads, valgrind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "scratch.h"
#include "servers.h"
#include "suite.h"
#include "version.h"

#define PYTHON	   "/usr/bin/python3"
#define VALGRIND   "/usr/bin/valgrind"
#define END_MS	   60000
#define CUT_OFF_MS 3000
#define LEAST_MS   900
#define WHOLE_MS   2000

static void need(const char *program)
{
	if (access(program, X_OK) != 0)
		suite_skip(program);
}

static struct running *start(const char *program, const char *const *arguments,
			     int is_stock)
{
	struct run_order order = { .program = program, .is_stock = is_stock };

	servers_start();
	for (int i = 0; arguments[i]; i++)
		order.arguments[i] = arguments[i];
	return run_start(&order);
}

/* Stock it is still there after 3 s, or was for 0.9 s (libcurl waits for QUIT no longer
   since 8.13); with us it ends in time, and says why. */
static struct running *assert_cured(const char *program, const char *const *arguments,
				    int status)
{
	int64_t least = bounds_after(LEAST_MS);
	struct running *stock = start(program, arguments, 1);

	for (int64_t until = bounds_after(CUT_OFF_MS);
	     !run_has_ended(stock) && bounds_nap(until);)
		;
	if (bounds_now() < least)
		fail_msg("stock, it did not hang: %s", scratch_text(stock->errors));
	int64_t began = bounds_now();
	struct running *cured = start(program, arguments, 0);
	run_assert_ends(cured, END_MS, status);
	bounds_span(program, began, cured->reaped_ns, 0, WHOLE_MS);
	assert_true(events_count(cured->events, "completed") > 0);
	return cured;
}

static void assert_python_cured(const char *script, const char *output)
{
	const char *const arguments[] = { "-I", "-W", "error", "-c", script, NULL };

	need(PYTHON);
	assert_string_equal(run_output(assert_cured(PYTHON, arguments, 7)), output);
}

/* pycurl itself, stock, crashes when its close callback runs within close(): it gets a
   connection that is closed before. */
static void pycurl_calls_back_on_its_own_thread(void **state)
{
	(void)state;
	assert_python_cured(
		"import pycurl, sys, threading, os, io\n"
		"seen = []\n"
		"def closed(fd):\n"
		"    seen.append(threading.get_ident())\n"
		"    os.close(fd)\n"
		"    return 0\n"
		"def get(url, *options):\n"
		"    easy, out = pycurl.Curl(), io.BytesIO()\n"
		"    easy.setopt(easy.URL, url)\n"
		"    easy.setopt(easy.WRITEDATA, out)\n"
		"    for option in options:\n"
		"        easy.setopt(*option)\n"
		"    easy.perform()\n"
		"    easy.close()\n"
		"    return out.getvalue()\n"
		"print(get('http://127.0.0.1:8001/', (pycurl.FORBID_REUSE, 1),\n"
		"          (pycurl.CLOSESOCKETFUNCTION, closed)))\n"
		"print(get('ftp://127.0.0.1:2101/f'))\n"
		"print(seen == [threading.get_ident()])\n"
		"sys.exit(7)\n",
		"b'hello'\nb'hello'\nTrue\n");
}

static void each_of_two_libcurls_cleans_up_its_own(void **state)
{
	static const char *const arguments[] = { "twins",
						 CURFEW_TEST_PROGRAMS "/module_gnutls.so",
						 NULL };

	(void)state;
	struct running *victim =
		assert_cured(RUN_VICTIM("curl_twins"), arguments, VICTIM_STATUS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(victim->marks->number[i], 1);
		bounds_took("curl_easy_cleanup", &victim->marks->call[i], 0, 250);
	}
}

static void assert_bounded_behind_another_preload(const char *const *words, int slot)
{
	struct run_order order = { .program = RUN_VICTIM("curl"),
				   .variables = { "LD_PRELOAD=" CURFEW_TEST_WRAPPED },
				   .is_stock = 1 };

	servers_start();
	for (int i = 0; words[i]; i++)
		order.arguments[i] = words[i];
	struct running *victim = run_start(&order);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_took(words[1], &victim->marks->call[slot], 200, 250);
}

static void a_preload_that_wraps_poll_and_getaddrinfo_changes_nothing(void **state)
{
	static const char *const ftp[] = { "easy", "url=ftp://127.0.0.1:2101/f", NULL };
	static const char *const dns[] = { "multi", "url=http://dead/", "give_up=300",
					   NULL };

	(void)state;
	assert_bounded_behind_another_preload(ftp, 1);
	assert_bounded_behind_another_preload(dns,
					      version_era() < VERSION_BETWEEN ? 2 : 3);
}

#ifndef CURFEW_TEST_SANITIZED
static void assert_valgrind_finds_nothing(const char *verb, const char *url,
					  const char *more)
{
	const char *const arguments[] = { "-q",
					  "--error-exitcode=99",
					  "--leak-check=full",
					  "--errors-for-leak-kinds=definite",
					  RUN_VICTIM("curl"),
					  verb,
					  url,
					  more,
					  NULL };

	struct running *victim = start(VALGRIND, arguments, 0);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	assert_true(events_count(victim->events, "completed") > 0);
}

static void valgrind_finds_no_leak_and_no_invalid_access(void **state)
{
	(void)state;
	need(VALGRIND);
	assert_valgrind_finds_nothing("multi", "url=http://dead/", "give_up=500");
	assert_valgrind_finds_nothing("easy", "url=ftp://127.0.0.1:2101/f", "count=3");
	assert_valgrind_finds_nothing("easy", "url=ftp://127.0.0.1:2121/f", "tls=1");
	assert_valgrind_finds_nothing("easy", "url=imap://127.0.0.1:2102/", "count=1");
}
#endif

static void assert_same_as_stock(const char *url)
{
	const char *const arguments[] = { "many", url, NULL };
	char stock[256];

	struct running *victim = start(RUN_VICTIM("curl_many"), arguments, 1);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	snprintf(stock, sizeof(stock), "%s", run_output(victim));
	print_message("             %s: %s", url, stock);
	assert_non_null(strstr(stock, "500 transfers"));
	assert_non_null(strstr(stock, "results 0,"));
	victim = start(RUN_VICTIM("curl_many"), arguments, 0);
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	assert_string_equal(run_output(victim), stock);
	events_assert_count(victim->events, "completed", 0);
}

static void five_hundred_transfers_are_as_stock(void **state)
{
	char *nghttpd[] = { "/usr/sbin/nghttpd",
			    "-d",
			    (char *)scratch_directory(),
			    "-a",
			    "127.0.0.1",
			    "8443",
			    NULL,
			    NULL,
			    NULL };

	(void)state;
	need(nghttpd[0]);
	servers_start();
	scratch_put(scratch_path("page"), "some text");
	nghttpd[6] = (char *)servers_key();
	nghttpd[7] = (char *)servers_certificate();
	servers_add(nghttpd, 8443);
	assert_same_as_stock("http://127.0.0.1:8001/page");
	assert_same_as_stock("https://127.0.0.1:8443/page");
	assert_same_as_stock("ftp://127.0.0.1:2112/page");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef CURFEW_TEST_SANITIZED
		SUITE_TEST(valgrind_finds_no_leak_and_no_invalid_access),
#endif
		SUITE_TEST(pycurl_calls_back_on_its_own_thread),
		SUITE_TEST(each_of_two_libcurls_cleans_up_its_own),
		SUITE_TEST(a_preload_that_wraps_poll_and_getaddrinfo_changes_nothing),
		SUITE_TEST(five_hundred_transfers_are_as_stock),
	};

	return suite_run(tests);
}
