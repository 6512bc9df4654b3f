/* SPDX-License-Identifier: MIT */
/*
 * test_ends_really_hang.c - without the library every victim of its end sets out to leave,
 * and is still there: else a test that sees one gone would prove nothing.
 *
 * They hang side by side and are cut off after 1.5 s.
 */
#include <stdio.h>

#include "bounds.h"
#include "holdings.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define CUT_OFF_MS  1500
#define PATIENCE_MS 5000
#define MOST	    64

struct way {
	const char *verb, *how;
};

static struct running *victims[MOST];
static size_t count;

/* Each has a file of its own: two that write to one would wait for each other. */
static const char *name_of(size_t i)
{
	static char name[32];

	snprintf(name, sizeof(name), "file-%zu", i);
	return name;
}

static void start_leaver(const struct mount *fuse, const struct way *way)
{
	struct holdings holdings = holdings_make();
	const char *path = mount_path(fuse, name_of(count));

	victims[count++] = run_start(&(struct run_order){
		.program = RUN_VICTIM("leaver"),
		.arguments = { way->verb, way->how, path, holdings.lock, holdings.fifo },
		.is_stock = 1 });
}

static void assert_each_hangs(const struct way *ways)
{
	size_t started = count;

	count = 0;
	for (size_t i = 0; i < started; i++) {
		for (int64_t until = bounds_after(PATIENCE_MS);
		     !victims[i]->marks->left_ns && bounds_nap(until);)
			;
	}
	for (int64_t until = bounds_after(CUT_OFF_MS); bounds_nap(until);)
		;
	for (size_t i = 0; i < started; i++) {
		if (!victims[i]->marks->left_ns)
			fail_msg("%s has not set out to leave", ways[i].verb);
		if (run_has_ended(victims[i]))
			fail_msg("%s came through", ways[i].verb);
	}
}

static void what_is_left_on_a_mount_whose_flush_hangs_holds_its_program(void **state)
{
	static const struct way ways[] = {
		{ "read", "return" },
		{ "read", "exit" },
		{ "read", "_exit" },
		{ "read", "quick_exit" },
		{ "read", "orphan" },
		{ "stream", "orphan" },
		{ "read", "thread" },
		{ "written", "return" },
		{ "written", "quick_exit" },
		{ "many", "return" },
		{ "many", "_exit" },
		{ "full", "return" },
		{ "full", "_exit" },
		{ "three", "return" },
		{ "stream", "return" },
		{ "stream", "_exit" },
		{ "stdout", "return" },
		{ "stdout", "quick_exit" },
		{ "child_outlives", "return" },
		{ "child_outlives", "_exit" },
	};
	struct mount *fuse = mount_start(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		mount_put(fuse, name_of(i));
	mount_hang(fuse, WEDGE_FLUSH);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		start_leaver(fuse, &ways[i]);
	assert_each_hangs(ways);
}

/* In the end of a child, before they come to their own. */
static void who_waits_for_a_child_that_leaves_something_hangs_in_that(void **state)
{
	static const struct way ways[] = { { "system", "return" },
					   { "child_closed", "return" } };
	struct mount *fuse = mount_start(NULL);

	(void)state;
	mount_put(fuse, name_of(0));
	mount_put(fuse, name_of(1));
	mount_hang(fuse, WEDGE_FLUSH);
	start_leaver(fuse, &ways[0]);
	start_leaver(fuse, &ways[1]);
	for (int64_t until = bounds_after(CUT_OFF_MS); bounds_nap(until);)
		;
	for (size_t i = 0; i < count; i++) {
		assert_true(victims[i]->marks->call[0].began_ns > 0);
		assert_int_equal(victims[i]->marks->call[0].ended_ns, 0);
		assert_false(run_has_ended(victims[i]));
	}
	count = 0;
}

static void what_is_left_on_a_mount_whose_write_hangs_holds_its_program(void **state)
{
	static const struct way kept[] = {
		{ "written", "exit" }, { "written", "_exit" }, { "written", "thread" },
		{ "three", "_exit" },  { "stream", "thread" }, { "stdout", "return" },
		{ "mapped", "_exit" },
	};
	struct mount *fuse = mount_start("-w");

	(void)state;
	mount_hang(fuse, WEDGE_WRITE);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		start_leaver(fuse, &kept[i]);
	assert_each_hangs(kept);
}

static void without_a_cache_a_hung_write_holds_its_program(void **state)
{
	static const struct way through[] = { { "mapped", "return" },
					      { "stream", "exit" },
					      { "stdout", "exit" } };
	struct mount *fuse = mount_start(NULL);

	(void)state;
	mount_hang(fuse, WEDGE_WRITE);
	for (size_t i = 0; i < sizeof(through) / sizeof(*through); i++)
		start_leaver(fuse, &through[i]);
	assert_each_hangs(through);
}

static void what_blocks_in_its_end_never_comes_to_it(void **state)
{
	static const struct way ways[] = {
		{ "pauses", NULL },	{ "sleeps", NULL }, { "spins", NULL },
		{ "destructor", NULL }, { "static", NULL }, { "mutex", NULL },
		{ "pipe", NULL },	{ "joins", NULL },  { "second", NULL },
		{ "masked", NULL },	{ "quick", NULL },  { "child", NULL },
		{ "again", NULL },	{ "orphan", NULL }, { "big", NULL },
		{ "err", NULL },	{ "error", NULL },  { "argp", NULL },
		{ "last", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		victims[count++] = run_start(&(struct run_order){
			.program = RUN_VICTIM("ending"),
			.arguments = { ways[i].verb, scratch_path(ways[i].verb) },
			.is_stock = 1 });
	}
	assert_each_hangs(ways);
}

static void what_a_signal_is_to_end_goes_on(void **state)
{
	static const struct way ways[] = { { "gone", NULL }, { "vfork", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		victims[count++] = run_start(
			&(struct run_order){ .program = RUN_VICTIM("end_signals"),
					     .arguments = { ways[i].verb },
					     .is_stock = 1 });
	}
	assert_each_hangs(ways);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(what_is_left_on_a_mount_whose_flush_hangs_holds_its_program),
		SUITE_TEST(who_waits_for_a_child_that_leaves_something_hangs_in_that),
		SUITE_TEST(what_is_left_on_a_mount_whose_write_hangs_holds_its_program),
		SUITE_TEST(without_a_cache_a_hung_write_holds_its_program),
		SUITE_TEST(what_blocks_in_its_end_never_comes_to_it),
		SUITE_TEST(what_a_signal_is_to_end_goes_on),
	};

	return suite_run(tests);
}
