/* SPDX-License-Identifier: MIT */
/*
 * test_curl_clients.c - programs that reach libcurl through a language, and those that are
 * linked to it: each gives up a dead name, and leaves an FTP server that ignores QUIT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "scratch.h"
#include "servers.h"
#include "suite.h"

#define START_MS   20000 /* until it has come to the cleanup */
#define GIVE_UP_MS 15000 /* until libc has given the name up */
#define CUT_OFF_MS 3000
#define LEAST_MS   900 /* libcurl waits for QUIT no longer since 8.13 */
#define END_MS	   5000
#define WHOLE_MS   1500
#define NO_MODULE  77

enum victim { DEAD, MUTE, VICTIMS };

static const char *const victim_names[] = { "dead name", "FTP without QUIT" };
static const char *const urls[] = { "http://dead/", "ftp://127.0.0.1:2101/f" };

struct client {
	const char *name, *program;
	const char *arguments[8]; /* then the URL, and how long it has patience */
	const char *patience[VICTIMS];
	const char *greeting;	     /* what it prints before it hangs, if anything */
	const char *output[VICTIMS]; /* all of it; NULL: does not hang stock  */
	int status[VICTIMS];
	int sleeps_ms; /* of its own, for the dead name */
	int has_no_module;
	char stock[VICTIMS][16];
};

/* clang-format off: a table */
#define SCRIPT(name) CURFEW_TEST_SOURCES "/client_" name
#define OF_LANGUAGE  .patience = { "300", "20000" }, .status = { 7, 7 }, .sleeps_ms = 300
#define BY_PYTHON(script, ...)                                                           \
	OF_LANGUAGE, .program = "/usr/bin/python3",                                      \
		     .arguments = { "-I", "-W", "error", SCRIPT(script), __VA_ARGS__ }
#define CTYPES(kind, way) BY_PYTHON("ctypes.py", kind, way)
#define CTYPES_EASY                                                                      \
	.greeting = "performs\n",                                                        \
	.output = { "performs\nresult 28\nb''\n", "performs\nresult 0\nb'hello'\n" }
#define CTYPES_MULTI                                                                     \
	.greeting = "cleans up\n",                                                       \
	.output = { "cleans up\n0\n0 sockets removed: True\nb''\n",                      \
		    "cleans up\n0\n0\nb'hello'\n" }
#define BY_PHP(way)                                                                      \
	OF_LANGUAGE, .program = "/usr/bin/php", .arguments = { SCRIPT("php.php"), way }
#define BY_RUBY(way) /* -W0: of its libraries, one warns of another now and then */      \
	OF_LANGUAGE, .program = "/usr/bin/ruby",                                         \
		     .arguments = { "-W0", SCRIPT("ethon.rb"), way },                    \
		     .greeting = "performs\n",                                           \
		     .output = { "performs\noperation_timedout\n\n",                     \
				 "performs\nok\nhello\n" }

static struct client
	pycurl_easy = { "pycurl, easy", BY_PYTHON("pycurl.py", "easy"),
			.greeting = "performs\n",
			.output = { "performs\nerror 28\nb''\n",
				    "performs\nb'hello'\n" } },
	pycurl_multi = { "pycurl, multi", BY_PYTHON("pycurl.py", "multi"),
			 .greeting = "cleans up\n",
			 .output = { "cleans up\nb''\n", "cleans up\nb'hello'\n" } },
	pycurl_asyncio = { "pycurl, asyncio", BY_PYTHON("pycurl.py", "asyncio"),
			   .greeting = "cleans up\n",
			   .output = { "cleans up\nsockets removed: True\nb''\n",
				       "cleans up\nsockets removed: "
				       "True\nb'hellohellohello'\n" } },
	ctypes_easy = { "ctypes.CDLL, easy", CTYPES("CDLL", "easy"), CTYPES_EASY },
	ctypes_multi = { "ctypes.CDLL, multi", CTYPES("CDLL", "multi"), CTYPES_MULTI },
	pydll_easy = { "ctypes.PyDLL, easy", CTYPES("PyDLL", "easy"), CTYPES_EASY },
	pydll_multi = { "ctypes.PyDLL, multi", CTYPES("PyDLL", "multi"), CTYPES_MULTI },
	cffi_asyncio = { "cffi, asyncio", BY_PYTHON("cffi.py", NULL),
			 .greeting = "cleans up\n",
			 .output = { "cleans up\n0\nsockets removed: True\nb''\n",
				     "cleans up\n0\nsockets removed: "
				     "True\nb'hello'\n" } },
	cmake = { "cmake",
		  .program = "/usr/bin/cmake",
		  .arguments = { "-P", SCRIPT("cmake.cmake") },
		  .patience = { "1", "20" },
		  .greeting = "-- downloads\n",
		  .sleeps_ms = 1000,
		  .output = { "-- downloads\n-- 28;\"Timeout was reached\"\n",
			      "-- downloads\n-- 0;\"No error\"\n" } };

#ifndef CURFEW_TEST_SANITIZED /* the runtimes refuse RTLD_DEEPBIND, and hang the others */
static struct client
	php_easy = { "PHP, easy", BY_PHP("easy"), .greeting = "performs\n",
		     .output = { "performs\n28\n\n", "performs\n0\nhello\n" } },
	php_multi = { "PHP, multi", BY_PHP("multi"), .greeting = "cleans up\n",
		      .output = { "cleans up\n0\n\n", "cleans up\n0\nhello\n" } },
	ruby_easy = { "Ruby FFI, easy", BY_RUBY("easy") },
	ruby_multi = { "Ruby FFI, multi", BY_RUBY("multi") },
	/* Asks libcurl, since 7.87, not to wait for the name that it has given up. */
	curl = { "curl", .program = "/usr/bin/curl",
		 .arguments = { "-q", "-s", "-N", "-m", "20" }, .greeting = "hello",
		 .output = { NULL, "hello" } },
	/* Never gives up a name before libc does. */
	git = { "git ls-remote", .program = "/usr/bin/git", .arguments = { "ls-remote" },
		.output = { NULL, "" } };
#endif

static struct client *const clients[] = {
	&pycurl_easy, &pycurl_multi, &pycurl_asyncio, &ctypes_easy, &ctypes_multi,
	&pydll_easy,  &pydll_multi,  &cffi_asyncio,   &cmake,
#ifndef CURFEW_TEST_SANITIZED
	&php_easy,    &php_multi,    &ruby_easy,      &ruby_multi,  &curl,
	&git,
#endif
};
/* clang-format on */

#define CLIENTS (sizeof(clients) / sizeof(*clients))

static struct running *start_at(const struct client *client, const char *url,
				const char *patience, const char *variable, int is_stock)
{
	struct run_order order = { .program = client->program,
				   .variables = { variable },
				   .is_stock = is_stock };
	int count = 0;

	servers_start();
	for (; client->arguments[count]; count++)
		order.arguments[count] = client->arguments[count];
	order.arguments[count++] = url;
	order.arguments[count] = patience;
	return run_start(&order);
}

static struct running *start(const struct client *client, enum victim victim,
			     const char *variable, int is_stock)
{
	return start_at(client, urls[victim], client->patience[victim], variable,
			is_stock);
}

/* A run that is left alone, and what was seen of it. */
struct watched {
	struct client *client;
	enum victim victim;
	struct running *running;
	char output[512];
	int64_t greeted_ns, ended_ns;
};

static struct watched watched[CLIENTS * VICTIMS];
static size_t watched_count;

static void look(struct watched *one)
{
	size_t length = strlen(one->output);
	int has_ended = one->ended_ns || run_has_ended(one->running);

	snprintf(one->output + length, sizeof(one->output) - length, "%s",
		 run_output(one->running));
	if (!one->greeted_ns && (!one->client->greeting ||
				 strstr(one->output, one->client->greeting) || has_ended))
		one->greeted_ns = bounds_now();
	if (has_ended && !one->ended_ns)
		one->ended_ns = bounds_now();
}

/* libc gives the dead name up by itself; nobody waits for the end of QUIT. */
static int has_been_seen(const struct watched *one)
{
	if (one->ended_ns || !one->greeted_ns || one->victim == DEAD)
		return one->ended_ns != 0;
	return bounds_now() - one->greeted_ns > CUT_OFF_MS * BOUNDS_MS;
}

/* Start all of them at once, and look at them until each has ended or is cut off. */
static void watch_all(const char *variable, int is_stock)
{
	int64_t until = bounds_after(START_MS + GIVE_UP_MS);
	size_t seen = 0;

	watched_count = 0;
	for (size_t i = 0; i < CLIENTS * VICTIMS; i++) {
		struct client *client = clients[i / VICTIMS];
		enum victim victim = i % VICTIMS;

		if (!client->output[victim] || access(client->program, X_OK) != 0)
			continue;
		watched[watched_count++] = (struct watched){
			client, victim, start(client, victim, variable, is_stock),
			"",	0,	0
		};
	}
	while (seen < watched_count && bounds_nap(until)) {
		seen = 0;
		for (size_t i = 0; i < watched_count; i++) {
			look(&watched[i]);
			seen += (size_t)has_been_seen(&watched[i]);
		}
	}
}

/* What it has written to stderr, without our lines. */
static const char *errors_of(const struct running *running)
{
	static char own[4096];
	char *text = scratch_text(running->errors);
	char *rest = text, *line;

	own[0] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		if (*line && strncmp(line, "curfew[", 7) != 0)
			strncat(own, line, sizeof(own) - strlen(own) - 1);
	}
	free(text);
	return own;
}

static int lacks_its_module(const struct running *running)
{
	siginfo_t end = { 0 };

	waitid(P_PIDFD, (id_t)running->handle, &end, WEXITED | WNOWAIT | WNOHANG);
	return end.si_pid && end.si_code == CLD_EXITED && end.si_status == NO_MODULE;
}

/* It hung in its cleanup; where it has ended it did so like an undisturbed one. */
static void check(struct watched *one, char *span, size_t bytes)
{
	const struct client *client = one->client;
	const char *victim = victim_names[one->victim];
	int64_t hung_ns = one->ended_ns - one->greeted_ns;

	if (!one->greeted_ns)
		fail_msg("%s, %s: has not come to its cleanup", client->name, victim);
	snprintf(span, bytes, "> %d s", CUT_OFF_MS / 1000);
	if (one->ended_ns) {
		snprintf(span, bytes, "%.1f s", (double)hung_ns / 1e9);
		run_assert_ends(one->running, 0, client->status[one->victim]);
		assert_string_equal(one->output, client->output[one->victim]);
		if (hung_ns < (one->victim == DEAD ? CUT_OFF_MS : LEAST_MS) * BOUNDS_MS)
			fail_msg("%s, %s: hung for %s only", client->name, victim, span);
	}
	assert_string_equal(errors_of(one->running), "");
	print_message("             %s, %s: %s\n", client->name, victim, span);
}

static void each_of_them_hangs_stock(void **state)
{
	(void)state;
	watch_all(NULL, 1);
	for (size_t i = 0; i < watched_count; i++) {
		struct watched *one = &watched[i];
		struct client *client = one->client;

		client->has_no_module |= lacks_its_module(one->running);
		if (!client->has_no_module)
			check(one, client->stock[one->victim],
			      sizeof(client->stock[one->victim]));
	}
}

static void under_observe_each_of_them_hangs_as_well(void **state)
{
	char span[16];

	(void)state;
	watch_all("CURFEW=observe", 0);
	for (size_t i = 0; i < watched_count; i++) {
		if (watched[i].client->has_no_module)
			continue;
		check(&watched[i], span, sizeof(span));
		events_assert_count(watched[i].running->events, "completed", 0);
	}
}

/* Of those of the test before: once a call has returned. */
static void their_events_say_what_enforce_would_have_done(void **state)
{
	int silent = 0;

	(void)state;
	for (size_t i = 0; i < watched_count; i++) {
		struct watched *one = &watched[i];
		const struct events *events = events_read(one->running->events);
		int would = 0;

		if (!one->ended_ns || one->client->has_no_module)
			continue;
		for (int k = 0; k < events->count; k++)
			would += strcmp(events->list[k].would, "completed") == 0;
		if (would == 0)
			print_message("             %s, %s: not a word\n",
				      one->client->name, victim_names[one->victim]);
		silent += would == 0;
	}
	assert_int_equal(silent, 0);
}

static void assert_cured(struct client *client, enum victim victim)
{
	int most_ms = WHOLE_MS + (victim == DEAD ? client->sleeps_ms : 0);
	int64_t began = bounds_now();
	char what[128];

	if (access(client->program, X_OK) != 0 || client->has_no_module)
		suite_skip(client->name);
	struct running *running = start(client, victim, NULL, 0);
	run_assert_ends(running, END_MS, client->status[victim]);
	snprintf(what, sizeof(what), "%s, %s: stock %s, now", client->name,
		 victim_names[victim],
		 *client->stock[victim] ? client->stock[victim] : "not seen");
	bounds_span(what, began, running->reaped_ns, 0, most_ms);
	assert_string_equal(run_output(running), client->output[victim]);
	assert_string_equal(errors_of(running), "");
	assert_true(events_count(running->events, "completed") > 0);
}

static void gives_up_a_dead_name(void **state)
{
	assert_cured(*state, DEAD);
}

static void leaves_an_ftp_server_that_ignores_quit(void **state)
{
	assert_cured(*state, MUTE);
}

static int64_t clean_run_ns(const struct client *client, int is_stock)
{
	int64_t began = bounds_now();
	struct running *running =
		start_at(client, "ftp://127.0.0.1:2112/f", "20000", NULL, is_stock);

	run_assert_ends(running, END_MS, client->status[MUTE]);
	assert_string_equal(run_output(running), client->output[MUTE]);
	assert_string_equal(errors_of(running), "");
	events_assert_count(running->events, "completed", 0);
	return running->reaped_ns - began;
}

static void a_clean_cleanup_that_holds_the_gil_takes_no_longer_than_stock(void **state)
{
	static const struct client *const holders[] = { &pydll_easy, &pydll_multi };

	(void)state;
	if (access(pydll_easy.program, X_OK) != 0)
		suite_skip(pydll_easy.program);
	for (int i = 0; i < 2; i++) {
		int stock_ms = (int)(clean_run_ns(holders[i], 1) / BOUNDS_MS);
		int64_t whole_ns = clean_run_ns(holders[i], 0);

		bounds_span(holders[i]->name, 0, whole_ns, 0, stock_ms);
	}
}

#define ON(victim, who)                                                                  \
	{                                                                                \
#who "_" #victim, victim, suite_before, suite_after, &(who)              \
	}
#define ON_BOTH(who)                                                                     \
	ON(gives_up_a_dead_name, who), ON(leaves_an_ftp_server_that_ignores_quit, who)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(each_of_them_hangs_stock),
		SUITE_TEST(under_observe_each_of_them_hangs_as_well),
		SUITE_TEST(their_events_say_what_enforce_would_have_done),
		ON_BOTH(pycurl_easy),
		ON_BOTH(pycurl_multi),
		ON_BOTH(pycurl_asyncio),
		ON_BOTH(ctypes_easy),
		ON_BOTH(ctypes_multi),
		ON_BOTH(pydll_easy),
		ON_BOTH(pydll_multi),
		SUITE_TEST(a_clean_cleanup_that_holds_the_gil_takes_no_longer_than_stock),
		ON_BOTH(cffi_asyncio),
		ON_BOTH(cmake),
#ifndef CURFEW_TEST_SANITIZED
		ON_BOTH(php_easy),
		ON_BOTH(php_multi),
		ON_BOTH(ruby_easy),
		ON_BOTH(ruby_multi),
		ON(leaves_an_ftp_server_that_ignores_quit, curl),
		ON(leaves_an_ftp_server_that_ignores_quit, git),
#endif
	};

	return suite_run(tests);
}
