/* SPDX-License-Identifier: MIT */
/*
 * test_exit_programs.c - programs of the system that are told to end and do not: with
 * CURFEW_ON_SIGNAL the deadline counts from the signal; their own handlers come first.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define PYTHON	    "/usr/bin/python3"
#define BASH	    "/bin/bash"
#define JAVA	    "/usr/bin/java"
#define DEADLINE_MS 1000
#define PROMPTLY_MS 50
#define READY_MS    20000
#define REAP_MS	    6000
#define TEXT_BYTES  4096

/* A program that says "ready", and what becomes of it after the signal. */
struct way {
	const char *program;
	const char *arguments[4];
	const char *script; /* the last argument */
	const char *variable;
	int signal, status;
	const char *said; /* after "ready\n", up to its end */
};

struct speaker {
	struct running *running;
	char said[TEXT_BYTES];
};

#define HANDLED(what)                                                                    \
	"import atexit, ctypes, signal, sys, threading, time\n"                          \
	"def handle(*unused):\n"                                                         \
	"    print('handler', flush=True)\n"                                             \
	"    " what "\n"                                                                 \
	"signal.signal(signal.SIGTERM, handle)\n"

#define GO_ON                                                                            \
	"print('ready', flush=True)\n"                                                   \
	"while True:\n"                                                                  \
	"    time.sleep(0.1)\n"

#define TERMINATED (RUN_SIGNALLED + SIGTERM)

static void take(struct speaker *speaker)
{
	strncat(speaker->said, run_output(speaker->running),
		TEXT_BYTES - 1 - strlen(speaker->said));
}

static void require(const char *program)
{
	static char reason[64];

	snprintf(reason, sizeof(reason), "no %s", program);
	if (access(program, X_OK) != 0)
		suite_skip(reason);
}

static void start(struct speaker *speaker, const struct way *way, int is_stock)
{
	struct run_order order = { .program = way->program,
				   .variables = { "CURFEW_DEADLINE_EXIT=1s",
						  way->variable },
				   .is_stock = is_stock };
	int i = 0;

	for (; way->arguments[i]; i++)
		order.arguments[i] = way->arguments[i];
	order.arguments[i] = way->script;
	speaker->said[0] = '\0';
	speaker->running = run_start(&order);
}

static void await_ready(struct speaker *speaker)
{
	for (int64_t until = bounds_after(READY_MS); !strstr(speaker->said, "ready\n");) {
		take(speaker);
		if (!bounds_nap(until))
			fail_msg("it does not get ready: %s", speaker->said);
	}
}

static void assert_said(struct speaker *speaker, const char *expected)
{
	take(speaker);
	assert_memory_equal(speaker->said, "ready\n", 6);
	assert_string_equal(speaker->said + 6, expected);
}

/* What its children hold belongs to a group that is ours to end. */
static void end_children(const struct speaker *speaker)
{
	kill(-speaker->running->pid, SIGKILL);
}

/* Stock it is still there when the one that is bounded is gone. */
static void assert_ended_at_the_deadline(const struct way *way)
{
	static struct speaker bounded, stock;

	require(way->program);
	start(&bounded, way, 0);
	start(&stock, way, 1);
	await_ready(&bounded);
	await_ready(&stock);
	int64_t told_ns = bounds_now();
	kill(stock.running->pid, way->signal);
	kill(bounded.running->pid, way->signal);
	run_assert_ends(bounded.running, REAP_MS, way->status);
	bounds_span("end", told_ns, bounded.running->reaped_ns, DEADLINE_MS,
		    DEADLINE_MS + PROMPTLY_MS);
	assert_false(run_has_ended(stock.running));
	assert_said(&bounded, way->said);
	assert_said(&stock, way->said);
	const struct event *event = events_only(bounded.running->events, "forced-exit");
	assert_int_equal(event->pid, bounded.running->pid);
	assert_string_equal(event->class, "exit");
	assert_true(strlen(event->name) > 0);
	end_children(&bounded);
}

/* Stock and preloaded alike: it comes to its end by itself. */
static void assert_ends_by_itself(const struct way *way)
{
	require(way->program);
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		static struct speaker speaker;

		start(&speaker, way, is_stock);
		await_ready(&speaker);
		int64_t told_ns = bounds_now();
		kill(speaker.running->pid, way->signal);
		run_assert_ends(speaker.running, REAP_MS, way->status);
		bounds_span("end", told_ns, speaker.running->reaped_ns, 0,
			    DEADLINE_MS - PROMPTLY_MS);
		assert_said(&speaker, way->said);
		assert_int_equal(events_count(speaker.running->events, "forced-exit"), 0);
	}
}

static void python_that_waits_for_a_thread_ends_by_the_signal(void **state)
{
	(void)state;
	assert_ended_at_the_deadline(&(struct way){
		PYTHON,
		{ "-I", "-c" },
		HANDLED("sys.exit(3)") "threading.Thread(target=threading.Event().wait)."
				       "start()\n" GO_ON,
		"CURFEW_ON_SIGNAL=TERM",
		SIGTERM,
		TERMINATED,
		"handler\n" });
}

static void python_with_a_handler_of_its_own_for_the_end_ends_by_the_signal(void **state)
{
	(void)state;
	assert_ended_at_the_deadline(&(struct way){
		PYTHON,
		{ "-I", "-c" },
		HANDLED("sys.exit(3)") "atexit.register(lambda: time.sleep(1e6))\n" GO_ON,
		"CURFEW_ON_SIGNAL=INT,TERM",
		SIGTERM,
		TERMINATED,
		"handler\n" });
}

/* exit(3) has been called, and pauses in a handler of libc's. */
static void python_that_has_called_exit_keeps_its_status(void **state)
{
	(void)state;
	assert_ended_at_the_deadline(
		&(struct way){ PYTHON,
			       { "-I", "-c" },
			       HANDLED("sys.exit(3)") "libc = ctypes.CDLL(None)\n"
						      "libc.__cxa_atexit(libc.pause, "
						      "None, None)\n" GO_ON,
			       "CURFEW_ON_SIGNAL=TERM",
			       SIGTERM,
			       3,
			       "handler\n" });
}

static void python_whose_handler_only_returns_ends_by_the_signal(void **state)
{
	(void)state;
	assert_ended_at_the_deadline(&(struct way){ PYTHON,
						    { "-I", "-c" },
						    HANDLED("pass") GO_ON,
						    "CURFEW_ON_SIGNAL=TERM,INT",
						    SIGTERM,
						    TERMINATED,
						    "handler\n" });
}

static void python_that_ends_in_time_has_its_own_status(void **state)
{
	(void)state;
	assert_ends_by_itself(&(struct way){ PYTHON,
					     { "-I", "-c" },
					     HANDLED("sys.exit(4)") GO_ON,
					     "CURFEW_ON_SIGNAL=TERM",
					     SIGTERM,
					     4,
					     "handler\n" });
}

static void python_without_a_handler_dies_of_the_signal_at_once(void **state)
{
	static const char script[] = "import signal, time\n" GO_ON;

	(void)state;
	assert_ends_by_itself(&(struct way){ PYTHON,
					     { "-I", "-c" },
					     script,
					     "CURFEW_ON_SIGNAL=TERM",
					     SIGTERM,
					     TERMINATED,
					     "" });
	/* Which python handles, and then dies of. */
	assert_ends_by_itself(&(struct way){ PYTHON,
					     { "-I", "-c" },
					     script,
					     "CURFEW_ON_SIGNAL=TERM,INT",
					     SIGINT,
					     RUN_SIGNALLED + SIGINT,
					     "" });
}

static void who_ignores_a_signal_or_has_it_not_listed_goes_on(void **state)
{
	static struct speaker speakers[2];
	static const struct way ways[] = {
		{ PYTHON,
		  { "-I", "-c" },
		  "import signal, time\n"
		  "print(signal.getsignal(signal.SIGTERM).name)\n"
		  "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" GO_ON,
		  "CURFEW_ON_SIGNAL=TERM",
		  SIGTERM,
		  0,
		  NULL },
		{ PYTHON,
		  { "-I", "-c" },
		  HANDLED("pass") GO_ON,
		  "CURFEW_ON_SIGNAL=INT",
		  SIGTERM,
		  0,
		  NULL },
	};

	(void)state;
	require(PYTHON);
	for (int i = 0; i < 2; i++)
		start(&speakers[i], &ways[i], 0);
	for (int i = 0; i < 2; i++) {
		await_ready(&speakers[i]);
		kill(speakers[i].running->pid, SIGTERM);
	}
	assert_string_equal(speakers[0].said, "SIG_DFL\nready\n");
	for (int64_t until = bounds_after(DEADLINE_MS + 500); bounds_nap(until);)
		;
	for (int i = 0; i < 2; i++) {
		assert_false(run_has_ended(speakers[i].running));
		assert_int_equal(events_count(speakers[i].running->events, "forced-exit"),
				 0);
	}
}

static void bash_whose_trap_waits_ends_by_the_signal(void **state)
{
	(void)state;
	assert_ended_at_the_deadline(
		&(struct way){ BASH,
			       { "-c" },
			       "trap 'echo handler; sleep 1000' EXIT\n"
			       "echo ready\n"
			       "sleep 1000 & wait\n",
			       "CURFEW_ON_SIGNAL=TERM",
			       SIGTERM,
			       TERMINATED,
			       "handler\n" });
}

static void java_whose_hook_waits_ends_by_the_signal(void **state)
{
	static const char source[] =
		"class Program {\n"
		"    public static void main(String[] unused) throws Exception {\n"
		"        Runtime.getRuntime().addShutdownHook(new Thread(() -> {\n"
		"            System.out.println(\"handler\");\n"
		"            try { Thread.sleep(1000000); }\n"
		"            catch (InterruptedException e) { }\n"
		"        }));\n"
		"        System.out.println(\"ready\");\n"
		"        Thread.sleep(1000000);\n"
		"    }\n"
		"}\n";
	const char *path = scratch_path("Program.java");

	(void)state;
	scratch_put(path, source);
	assert_ended_at_the_deadline(
		&(struct way){ JAVA,
			       { "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC" },
			       path,
			       "CURFEW_ON_SIGNAL=TERM",
			       SIGTERM,
			       TERMINATED,
			       "handler\n" });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(python_that_waits_for_a_thread_ends_by_the_signal),
		SUITE_TEST(
			python_with_a_handler_of_its_own_for_the_end_ends_by_the_signal),
		SUITE_TEST(python_that_has_called_exit_keeps_its_status),
		SUITE_TEST(python_whose_handler_only_returns_ends_by_the_signal),
		SUITE_TEST(python_that_ends_in_time_has_its_own_status),
		SUITE_TEST(python_without_a_handler_dies_of_the_signal_at_once),
		SUITE_TEST(who_ignores_a_signal_or_has_it_not_listed_goes_on),
		SUITE_TEST(bash_whose_trap_waits_ends_by_the_signal),
		SUITE_TEST(java_whose_hook_waits_ends_by_the_signal),
	};

	return suite_run(tests);
}
