/* SPDX-License-Identifier: MIT */
/*
 * test_forced_exit.c - a program whose end never comes is ended at the deadline with the
 * status that it chose; one event says what it waited in; and who is in time is left alone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define DEADLINE_MS  1000
#define PROMPTLY_MS  50
#define REAP_MS	     6000
#define CHILD_STATUS 5
#define OTHER_STATUS 9
#define STOPPED_MS   1500
#define BIG_MS	     2000
#define BIG_BYTES    ((size_t)16 << 20)

#ifdef SYS_pause
#define PAUSE "pause ("
#else /* as libc has it there */
#define PAUSE "ppoll ("
#endif

static const struct way {
	const char *verb;
	const char *call;     /* how the name of its place begins; NULL for any */
	const char *contents; /* of the healthy file in the end			*/
	int status, threads;  /* threads: -1 for any */
} ways[] = {
	{ "pauses", PAUSE, "healthy\n", VICTIM_STATUS, 1 },
	{ "sleeps", "clock_nanosleep (", "healthy\n", VICTIM_STATUS, 1 },
	{ "spins", NULL, "healthy\n", VICTIM_STATUS, 1 },
	{ "destructor", "clock_nanosleep (", "healthy\n", VICTIM_STATUS, 1 },
	{ "static", "futex (", "healthy\n", VICTIM_STATUS, 2 },
	{ "mutex", "futex (", "healthy\n", VICTIM_STATUS, 1 },
	{ "pipe", "write (", "healthy\n", VICTIM_STATUS, 1 },
	{ "joins", "futex (", "healthy\n", VICTIM_STATUS, 2 },
	{ "second", "futex (", "healthy\n", VICTIM_STATUS, 2 },
	{ "masked", "futex (", "healthy\n", VICTIM_STATUS, 2 },
	{ "quick", PAUSE, "", VICTIM_STATUS, 1 },	     /* which writes no buffers */
	{ "orphan", PAUSE, "healthy\n", VICTIM_STATUS, -1 }, /* a zombie counts or not */
	{ "again", "clock_nanosleep (", "healthy\n", OTHER_STATUS, 1 },
	{ "err", PAUSE, "healthy\n", VICTIM_STATUS, 1 }, /* which libc does in itself */
	{ "error", PAUSE, "healthy\n", VICTIM_STATUS, 1 },
	{ "argp", PAUSE, "healthy\n", VICTIM_STATUS, 1 },
#ifndef CURFEW_TEST_THREAD_SANITIZED /* whose runtime has a thread that stays */
	{ "last", PAUSE, "healthy\n", 0, -1 },
#endif
};

#define WAYS (sizeof(ways) / sizeof(*ways))

static const char *local_of(size_t i)
{
	char name[32];

	snprintf(name, sizeof(name), "local-%zu", i);
	return scratch_path(name);
}

static struct running *start(const char *verb, const char *local, const char *deadline,
			     int is_stock)
{
	return run_start(&(struct run_order){ .program = RUN_VICTIM("ending"),
					      .arguments = { verb, local },
					      .variables = { deadline },
					      .is_stock = is_stock });
}

static void assert_text(const char *path, const char *expected)
{
	char *text = scratch_text(path);

	assert_string_equal(text, expected);
	free(text);
}

static void assert_names_the_place(const char *name, const char *call)
{
	if (strlen(name) == 0 || (call && strncmp(name, call, strlen(call)) != 0))
		fail_msg("the place is called \"%s\", not \"%s...\"", name,
			 call ? call : "");
}

static const struct event *assert_event(const struct running *victim, int pid, int status,
					const char *call)
{
	const struct event *event = events_only(victim->events, "forced-exit");

	assert_int_equal(event->pid, pid);
	assert_int_equal(event->result, status);
	assert_string_equal(event->call, "exit");
	assert_string_equal(event->class, "exit");
	assert_string_equal(event->comm, "victim_ending");
	assert_string_equal(event->error, "");
	assert_string_equal(event->would, "");
	assert_int_equal((int)event->deadline_ms, DEADLINE_MS);
	assert_true(event->waited_ms >= DEADLINE_MS);
	assert_names_the_place(event->name, call);
	return event;
}

/* The threads of the program: not one of ours. */
static void assert_threads(const struct event *event, int count)
{
	int leaders = 0;

#ifdef CURFEW_TEST_THREAD_SANITIZED /* whose runtime has one, too */
	count = event->thread_count;
#endif
	assert_int_equal(event->thread_count, count);
	for (int i = 0; i < count; i++) {
		assert_string_equal(event->threads[i].comm, "victim_ending");
		assert_true(strlen(event->threads[i].state) > 0);
		leaders += event->threads[i].tid == event->pid;
	}
	assert_int_equal(leaders, 1);
}

/* Ours: err(3) has one as well. */
static void assert_one_line(const char *path)
{
	char *text = scratch_text(path);
	int count = 0;

	for (const char *at = text; (at = strstr(at, "curfew[")); at++)
		count++;
	free(text);
	assert_int_equal(count, 1);
}

/* Side by side: each takes one deadline, and nearly none of it the machine. */
static void who_does_not_come_to_its_end_is_ended_at_the_deadline(void **state)
{
	struct running *victims[WAYS];
	const char *locals[WAYS];

	(void)state;
	for (size_t i = 0; i < WAYS; i++) {
		locals[i] = local_of(i);
		victims[i] = start(ways[i].verb, locals[i], "CURFEW_DEADLINE_EXIT=1s", 0);
	}
	for (size_t i = 0; i < WAYS; i++) {
		print_message("  %s\n", ways[i].verb);
		run_assert_ends(victims[i], REAP_MS, ways[i].status);
		const struct event *event = assert_event(victims[i], victims[i]->pid,
							 ways[i].status, ways[i].call);
		if (ways[i].threads != -1)
			assert_threads(event, ways[i].threads);
		assert_text(locals[i], ways[i].contents);
		assert_one_line(victims[i]->errors);
	}
}

static int holds_big(const char *path)
{
	static char page[1 << 16];
	FILE *stream = fopen(path, "r");
	size_t seen = 0, others = 0;

	if (!stream)
		return 0;
	for (size_t count; (count = fread(page, 1, sizeof(page), stream)) > 0;) {
		seen += count;
		for (size_t i = 0; i < count; i++)
			others += page[i] != 'x';
	}
	fclose(stream);
	assert_int_equal(others, 0);
	return seen == BIG_BYTES;
}

/* A hand goes on with what is big when the program is gone. */
static void a_big_buffer_for_a_local_file_is_written_to_its_last_byte(void **state)
{
	const char *big = scratch_path("local-big-big"),
		   *small = scratch_path("local-big");

	(void)state;
	struct running *victim = start("big", small, "CURFEW_DEADLINE_EXIT=1s", 0);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_span("end", victim->marks->left_ns, victim->reaped_ns, DEADLINE_MS,
		    DEADLINE_MS + PROMPTLY_MS);
	assert_text(small, "healthy\n");
	for (int64_t until = bounds_after(BIG_MS + bounds_slack_ms()); !holds_big(big);) {
		if (!bounds_nap(until))
			fail_msg("not all of it is there");
	}
	assert_event(victim, victim->pid, VICTIM_STATUS, PAUSE);
}

static void what_is_not_written_is_counted_in_the_line_and_in_the_event(void **state)
{
	static const struct {
		const char *verb, *said;
		long unwritten;
	} counted[] = {
		{ "pipe", ", 5 bytes of its output are not written\n", 5 }, /* "tail" */
		{ "pauses", "; ended with status 7\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++) {
		struct running *victim =
			start(counted[i].verb, scratch_path("local-counted"),
			      "CURFEW_DEADLINE_EXIT=1s", 0);

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		assert_int_equal(events_only(victim->events, "forced-exit")->unwritten,
				 counted[i].unwritten);
		char *said = scratch_text(victim->errors);
		if (!strstr(said, counted[i].said))
			fail_msg("it says: %s", said);
		free(said);
	}
}

/* One after the other, as the driver sees an end only when it waits for it. */
static void the_end_comes_at_the_deadline(void **state)
{
	static const char *const verbs[] = { "sleeps", "spins", "pipe", "masked" };

	(void)state;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		struct running *victim =
			start(verbs[i], local_of(WAYS + i), "CURFEW_DEADLINE_EXIT=1s", 0);

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_span(verbs[i], victim->marks->left_ns, victim->reaped_ns,
			    DEADLINE_MS, DEADLINE_MS + PROMPTLY_MS);
	}
}

static void a_forked_child_is_ended_with_its_own_status(void **state)
{
	const char *local = scratch_path("local-child");

	(void)state;
	struct running *victim = start("child", local, "CURFEW_DEADLINE_EXIT=1s", 0);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_int_equal(victim->marks->call[0].result, CHILD_STATUS << 8);
	bounds_span("end of the child", victim->marks->left_ns,
		    victim->marks->call[0].ended_ns, DEADLINE_MS,
		    DEADLINE_MS + PROMPTLY_MS);
	assert_event(victim, (int)victim->marks->number[0], CHILD_STATUS, PAUSE);
	assert_text(local, "healthy\n");
}

static void who_is_in_time_is_left_alone(void **state)
{
	char deadline[48];

	(void)state;
	snprintf(deadline, sizeof(deadline), "CURFEW_DEADLINE_EXIT=%dms",
		 DEADLINE_MS + bounds_slack_ms());
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		const char *local = scratch_path("local-slow");
		struct running *victim = start("slow", local, deadline, is_stock);

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_span("end", victim->marks->left_ns, victim->reaped_ns, 900,
			    DEADLINE_MS);
		assert_string_equal(run_output(victim),
				    "handler, same thread\ndestructor, same thread\n");
		assert_text(local, "healthy\n");
		assert_text(victim->errors, "");
		assert_text(victim->events, "");
	}
}

static void nap(int ms)
{
	for (int64_t until = bounds_after(ms); bounds_nap(until);)
		;
}

static void a_deadline_does_not_run_while_the_program_is_stopped(void **state)
{
	(void)state;
	struct running *victim = start("sleeps", scratch_path("local-stopped"),
				       "CURFEW_DEADLINE_EXIT=1s", 0);
	for (int64_t until = bounds_after(REAP_MS); !victim->marks->left_ns;) {
		if (!bounds_nap(until))
			fail_msg("it does not set out to leave");
	}
	nap(DEADLINE_MS / 2);
	kill(victim->pid, SIGSTOP);
	nap(STOPPED_MS);
	kill(victim->pid, SIGCONT);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_span("end", victim->marks->left_ns, victim->reaped_ns,
		    STOPPED_MS + DEADLINE_MS * 3 / 4,
		    STOPPED_MS + DEADLINE_MS + PROMPTLY_MS);
	events_assert_count(victim->events, "forced-exit", 1);
}

/* The default is 30 s. */
static void off_and_the_default_leave_an_end_of_two_seconds_alone(void **state)
{
	static const char *const deadlines[] = { "CURFEW_DEADLINE_EXIT=off", NULL };
	struct running *victims[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		victims[i] =
			start("sleeps", local_of(2 * WAYS + (size_t)i), deadlines[i], 0);
	nap(2000);
	for (int i = 0; i < 2; i++) {
		assert_false(run_has_ended(victims[i]));
		kill(victims[i]->pid, SIGTERM); /* nor does a signal wait for it */
		run_assert_ends(victims[i], PROMPTLY_MS + bounds_slack_ms(),
				RUN_SIGNALLED + SIGTERM);
		assert_text(victims[i]->events, "");
	}
}

static void observing_leaves_the_end_alone(void **state)
{
	struct run_order order = { .program = RUN_VICTIM("ending"),
				   .arguments = { "sleeps", scratch_path("local-seen") },
				   .variables = { "CURFEW=observe",
						  "CURFEW_DEADLINE_EXIT=500ms" } };

	(void)state;
	struct running *victim = run_start(&order);
	nap(2000);
	assert_false(run_has_ended(victim));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(who_does_not_come_to_its_end_is_ended_at_the_deadline),
		SUITE_TEST(a_big_buffer_for_a_local_file_is_written_to_its_last_byte),
		SUITE_TEST(what_is_not_written_is_counted_in_the_line_and_in_the_event),
		SUITE_TEST(the_end_comes_at_the_deadline),
		SUITE_TEST(a_forked_child_is_ended_with_its_own_status),
		SUITE_TEST(who_is_in_time_is_left_alone),
		SUITE_TEST(a_deadline_does_not_run_while_the_program_is_stopped),
		SUITE_TEST(observing_leaves_the_end_alone),
		SUITE_TEST(off_and_the_default_leave_an_end_of_two_seconds_alone),
	};

	return suite_run(tests);
}
