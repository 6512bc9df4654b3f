/* SPDX-License-Identifier: MIT */
/*
 * test_sick_mount.c - many files on a mount that does not answer cost one deadline or
 * two, not one each; and a mount that answers again is trusted again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define FILES		 60
#define REAP_MS		 10000
#define MOST_LINES	 16
#define DELAY_MS	 10 /* of closes that have nothing to do with the mount */
#define DELAY_SLACK_PART 10 /* a tenth of the slack: less than any deadline     */

static struct running *close_in_turn(struct mount *fuse, const char *threads)
{
	char name[16];

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		mount_put(fuse, name);
	}
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("file"),
		.arguments = { "turn", mount_path(fuse, "file"), "60", threads } });
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	return victim;
}

static void assert_they_cost_little(struct mount *fuse, const struct running *victim)
{
	struct marks *marks = victim->marks;

	bounds_took("60 files", &marks->call[0], 300, 1000);
	assert_int_equal(marks->number[2], 0);
	events_assert_count(victim->events, "expired", FILES);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], FILES);
	print_message("             slowest of %d other closes: %.2f ms\n",
		      (int)marks->number[1], (double)marks->number[0] / BOUNDS_MS);
	assert_true(marks->number[1] > 100);
	assert_true(marks->number[0] <=
		    (DELAY_MS + bounds_slack_ms() / DELAY_SLACK_PART) * BOUNDS_MS);
}

static void sixty_files_one_after_another_cost_at_most_1_s(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	assert_they_cost_little(fuse, close_in_turn(fuse, "1"));
}

static void sixty_files_from_eight_threads_cost_at_most_1_s(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	assert_they_cost_little(fuse, close_in_turn(fuse, "8"));
}

static void sixty_expired_files_say_sixteen_lines(void **state)
{
	struct mount *fuse = mount_start(NULL);
	int lines = 0;

	(void)state;
	char *said = scratch_text(close_in_turn(fuse, "1")->errors);
	for (const char *at = said; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, MOST_LINES);
	free(said);
}

/* Two files expire, the second quicker than the first; then the mount is healthy for
   a while; and then a third that hangs is waited for as long as the first. */
static void after_recovery_a_new_hang_is_given_the_full_deadline(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_start(
		&(struct run_order){ .program = RUN_VICTIM("file"),
				     .arguments = { "thrice", path, path, path } });
	run_await_step(victim, 2, REAP_MS);
	bounds_took("first", &victim->marks->call[0], 300, 350);
	bounds_took("on the sick mount", &victim->marks->call[1], 0, 50);
	mount_recover(fuse);
	events_await(victim->events, "late", 2);
	mount_hang(fuse, WEDGE_FLUSH);
	run_let_go(victim, 2);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("after the recovery", &victim->marks->call[2], 300, 350);
}

static void a_healthy_mount_is_not_held_to_the_deadline_of_a_sick_one(void **state)
{
	struct mount *sick = mount_start(NULL), *healthy = mount_start(NULL);
	const char *sick_path = mount_put(sick, "file");
	const char *healthy_path = mount_put(healthy, "file");

	(void)state;
	mount_hang(sick, WEDGE_FLUSH);
	healthy->orders->delay_ms = 200;
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("file"),
		.arguments = { "thrice", sick_path, healthy_path, sick_path } });
	run_let_go(victim, 2);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("sick", &victim->marks->call[0], 300, 350);
	bounds_took("healthy", &victim->marks->call[1], 200, 250);
	bounds_took("sick again", &victim->marks->call[2], 0, 50);
	events_assert_count(victim->events, "finished", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(sixty_files_one_after_another_cost_at_most_1_s),
		SUITE_TEST(sixty_files_from_eight_threads_cost_at_most_1_s),
		SUITE_TEST(sixty_expired_files_say_sixteen_lines),
		SUITE_TEST(after_recovery_a_new_hang_is_given_the_full_deadline),
		SUITE_TEST(a_healthy_mount_is_not_held_to_the_deadline_of_a_sick_one),
	};

	return suite_run(tests);
}
