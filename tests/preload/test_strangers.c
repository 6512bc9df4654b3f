/* SPDX-License-Identifier: MIT */
/*
 * test_strangers.c - a number that is something else while its old file is still being
 * closed: the hand that comes back late must not close the stranger.
 *
 * Every race is certain: the server answers only when the stranger is in its place.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define STRACE	     "/usr/bin/strace"
#define PATIENCE_MS  10000
#define INSTANTS     20	  /* closes of `instant` */
#define UNCERTAIN_MS 1000 /* for which a close in doubt is left alone */

static const struct run_order *plainly(const struct run_order *order)
{
	return order;
}

/* strace itself is not preloaded. */
static const struct run_order *under_strace(const struct run_order *order)
{
	static struct run_order traced;

	traced = (struct run_order){ STRACE,
				     { "-f", "-qq", "-o", "/dev/null", "-E",
				       run_preload() },
				     { NULL },
				     1 };
	traced.arguments[6] = order->program;
	for (int i = 0; i < 5; i++)
		traced.arguments[7 + i] = order->arguments[i];
	return &traced;
}

static void finish(struct mount *fuse, struct running *victim, int strangers)
{
	mount_recover(fuse);
	run_await_call(victim, 0, PATIENCE_MS);
	mount_await_calm(fuse);
	events_await(victim->events, "late", events_count(victim->events, "expired"));
	run_let_go(victim, 2);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_int_equal(victim->marks->call[0].result, 0);
	assert_int_equal(victim->marks->number[0], strangers);
}

static struct running *replace(struct mount *fuse, const struct run_order *order)
{
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(order);
	mount_await_waiting(fuse, WEDGE_FLUSH, 1);
	run_let_go(victim, 1); /* to the dup2 of `replaced`; the others do not wait */
	run_await_step(victim, 1, PATIENCE_MS);
	return victim;
}

/* The close returns at its deadline, the stranger stays. */
static void
assert_stranger_stays(const char *verb, const char *how, int is_same,
		      const struct run_order *(*manner)(const struct run_order *))
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");
	const char *local = scratch_path("local");

	scratch_put(local, "local\n");
	struct run_order order = { .program = RUN_VICTIM("stranger"),
				   .arguments = { verb, how, path,
						  is_same ? path : local } };
	struct running *victim = replace(fuse, manner(&order));
	run_await_call(victim, 0, PATIENCE_MS);
	bounds_took("close", &victim->marks->call[0], 300, 350);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 1);
	finish(fuse, victim, 1);
	assert_int_equal(events_only(victim->events, "late")->handle,
			 victim->marks->number[1]);
}

/* The close may wait for the server, as nothing proves that the number is free; but
   the stranger stays. */
static void assert_stranger_stays_in_doubt(const char *verb, const char *how)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	struct running *victim = replace(
		fuse, &(struct run_order){ .program = RUN_VICTIM("stranger"),
					   .arguments = { verb, how, path, path } });
	for (int64_t until = bounds_after(UNCERTAIN_MS); bounds_nap(until);)
		;
	finish(fuse, victim, 1);
}

static void a_number_that_is_reopened_at_once_stays_open(void **state)
{
	(void)state;
	assert_stranger_stays("reopened", "plain", 0, plainly);
}

static void a_number_that_dup2_replaces_stays_open(void **state)
{
	(void)state;
	assert_stranger_stays("replaced", "plain", 0, plainly);
}

static void the_same_file_opened_again_at_the_number_stays_open(void **state)
{
	(void)state;
	assert_stranger_stays("reopened", "plain", 1, plainly);
}

static void the_same_file_put_there_by_dup2_stays_open(void **state)
{
	(void)state;
	assert_stranger_stays("replaced", "plain", 1, plainly);
}

static void an_undumpable_program_keeps_its_strangers(void **state)
{
	(void)state;
	assert_stranger_stays("reopened", "undumpable", 0, plainly);
	assert_stranger_stays("replaced", "undumpable", 0, plainly);
	assert_stranger_stays_in_doubt("reopened", "undumpable");
	assert_stranger_stays_in_doubt("replaced", "undumpable");
}

static void an_undumpable_program_without_privileges_keeps_its_strangers(void **state)
{
	(void)state;
	assert_stranger_stays("reopened", "nobody", 0, plainly);
	assert_stranger_stays("replaced", "nobody", 0, plainly);
	assert_stranger_stays_in_doubt("reopened", "nobody");
	assert_stranger_stays_in_doubt("replaced", "nobody");
}

/* A deadline of 0 leaves no time in which the number could become free by chance. */
static void a_number_is_free_when_a_close_with_no_deadline_returns(void **state)
{
	(void)state;
	for (int is_same = 0; is_same <= 1; is_same++) {
		struct mount *fuse = mount_start(NULL);
		const char *path = mount_put(fuse, "file"),
			   *local = scratch_path("local");

		scratch_put(local, "local\n");
		mount_hang(fuse, WEDGE_FLUSH);
		struct running *victim = run_start(&(struct run_order){
			RUN_VICTIM("stranger"),
			{ "instant", "plain", path, is_same ? path : local },
			{ "CURFEW_DEADLINE_FILE=0" },
			0 });
		run_await_step(victim, 1, PATIENCE_MS);
		bounds_took("20 closes", &victim->marks->call[0], 0, 100);
		finish(fuse, victim, INSTANTS);
	}
}

static void a_traced_program_keeps_its_strangers(void **state)
{
	(void)state;
	if (access(STRACE, X_OK) != 0)
		suite_skip("no " STRACE);
	assert_stranger_stays("reopened", "plain", 0, under_strace);
	assert_stranger_stays("replaced", "plain", 0, under_strace);
	assert_stranger_stays("reopened", "plain", 1, under_strace);
	assert_stranger_stays("replaced", "plain", 1, under_strace);
	assert_stranger_stays("reopened", "undumpable", 0, under_strace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_number_that_is_reopened_at_once_stays_open),
		SUITE_TEST(a_number_that_dup2_replaces_stays_open),
		SUITE_TEST(the_same_file_opened_again_at_the_number_stays_open),
		SUITE_TEST(the_same_file_put_there_by_dup2_stays_open),
		SUITE_TEST(an_undumpable_program_keeps_its_strangers),
		SUITE_TEST(an_undumpable_program_without_privileges_keeps_its_strangers),
		SUITE_TEST(a_number_is_free_when_a_close_with_no_deadline_returns),
		SUITE_TEST(a_traced_program_keeps_its_strangers),
	};

	return suite_run(tests);
}
