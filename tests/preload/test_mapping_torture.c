/* SPDX-License-Identifier: MIT */
/*
 * test_mapping_torture.c - a program that maps and unmaps at random, on a server that
 * hangs now and then: no mapping is ever lost or changed, and the file is whole at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bounds.h"
#include "mount.h"
#include "run.h"
#include "suite.h"

#define STOCK_MS      3000
#define PRELOADED_MS  10000
#define REAP_MS	      20000
#define SHORTEST_MS   50
#define LONGEST_MS    700 /* of a hang: more than twice the deadline */
#define BETWEEN_MS    300
#define FEWEST_ROUNDS 20

static unsigned seed;

static void sleep_at_random(int least_ms, int most_ms)
{
	int ms = least_ms + rand_r(&seed) % (most_ms - least_ms);

	for (int64_t until = bounds_after(ms); bounds_nap(until);)
		;
}

/* Or CURFEW_TEST_SEED, to see a failure once more. */
static unsigned choose_seed(void)
{
	const char *given = getenv("CURFEW_TEST_SEED");

	return given ? (unsigned)atoi(given) : (unsigned)time(NULL) & 0xffffff;
}

static struct running *torture(const char *option, const char *manner, int ms)
{
	struct mount *fuse = mount_start(option);
	char number[16];

	seed = choose_seed();
	snprintf(number, sizeof(number), "%u", seed);
	print_message("             seed %s\n", number);
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("shadow"),
		.arguments = { "run", mount_path(fuse, "file"), "4", number, manner },
		.is_stock = manner[0] == 's' });
	run_await_step(victim, 1, REAP_MS);
	for (int64_t until = bounds_after(ms);
	     bounds_now() < until && !run_has_ended(victim);) {
		mount_hang(fuse, WEDGE_WRITE);
		sleep_at_random(SHORTEST_MS, LONGEST_MS);
		mount_recover(fuse);
		sleep_at_random(SHORTEST_MS, BETWEEN_MS);
	}
	run_let_go(victim, 1);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	struct marks *marks = victim->marks;
	print_message("             %d operations, %d refused, %d forks, longest munmap "
		      "%.1f ms\n",
		      (int)marks->number[0], (int)marks->number[1], (int)marks->number[2],
		      (double)marks->number[3] / BOUNDS_MS);
	assert_true(marks->number[0] > FEWEST_ROUNDS && marks->number[2] > 0);
	return victim;
}

static void the_shadow_is_right_without_the_library(void **state)
{
	(void)state;
	torture(NULL, "strict", STOCK_MS);
}

static void no_mapping_is_lost_or_changed(void **state)
{
	(void)state;
	torture(NULL, "lenient", PRELOADED_MS);
}

static void no_mapping_is_lost_or_changed_with_a_writeback_cache(void **state)
{
	(void)state;
	torture("-w", "lenient", PRELOADED_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(the_shadow_is_right_without_the_library),
		SUITE_TEST(no_mapping_is_lost_or_changed),
		SUITE_TEST(no_mapping_is_lost_or_changed_with_a_writeback_cache),
	};

	return suite_run(tests);
}
