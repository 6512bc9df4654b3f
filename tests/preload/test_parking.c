/* SPDX-License-Identifier: MIT */
/*
 * test_parking.c - more files on a mount that does not answer than there are hands for:
 * what has no hand is parked, and to the program it is closed all the same.
 */
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "census.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define CROWD		10000
#define CROWD_TEXT	"10000"
#define PAGES		1000 /* dirty ones: the kernel throttles whoever has more */
#define PAGES_TEXT	"1000"
#define FEW		200
#define NOT_SO_FEW	400
#define MOST_HANDS	64
#define MOST_TASKS	70 /* and the undertaker, and those that write events */
#define FILE_MS		300
#define WRITE_MS	1000
#define TOTAL_MS	2000
#define RELEASE_MS	5000
#define MOST_GROWTH_KIB 6144
#define BYTES		100 /* in each file that is written */
#define SOON_MS		20
#define ARRIVAL_MS	10000
#define PATIENCE_MS	20000

static struct running *start(const char *verb, const char *how, const char *path,
			     const char *count, const char *threads)
{
	return run_start(
		&(struct run_order){ .program = RUN_VICTIM("parked"),
				     .arguments = { verb, how, path, count, threads },
				     .variables = { "CURFEW_DEADLINE_WRITE=1s" } });
}

static void assert_memory_is_flat(const struct marks *marks)
{
	print_message("             memory: %d KiB more\n", (int)marks->number[3]);
#ifndef CURFEW_TEST_SANITIZED
	assert_true(marks->number[3] < MOST_GROWTH_KIB);
#endif
}

static void assert_closes(struct running *victim, int most_ms, int slowest_ms)
{
	struct marks *marks = victim->marks;

	bounds_took("all closes", &marks->call[0], 0, most_ms);
	bounds_span("the slowest", 0, marks->number[2], 0, slowest_ms);
	assert_int_equal(marks->number[0], 0); /* of another result */
}

/* A number is closed or parked, and what is closed hangs in one hand each. */
static void assert_parked(struct mount *fuse, struct running *victim, int result)
{
	struct census census = census_await(victim, result, CROWD);

	assert_int_equal(census.finished + census.late, 0);
	assert_int_equal(census.parked, victim->marks->number[1]);
	assert_true(census.expired <= MOST_HANDS);
	mount_await_waiting(fuse, WEDGE_FLUSH, 1);
	assert_true(fuse->orders->waiting[WEDGE_FLUSH] <= MOST_HANDS);
}

static void assert_recovers(struct mount *fuse, struct running *victim, uint32_t before,
			    int result)
{
	mount_recover(fuse);
	run_let_go(victim, 1);
	run_await_step(victim, 2, PATIENCE_MS);
	bounds_took("release", &victim->marks->call[1], 0, RELEASE_MS);
	census_await_flushes(fuse, before, CROWD);
	mount_await_calm(fuse);
	run_let_go(victim, 2);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_span("exit", victim->marks->left_ns, victim->reaped_ns, 0, FILE_MS);
	census_await(victim, result, CROWD);
	/* No number was closed twice, and none forgotten. */
	census_assert_flushes(fuse, before, CROWD);
}

static void close_a_crowd(const char *threads)
{
	struct mount *fuse = mount_start(NULL);

	census_require(CROWD);
	const char *path = mount_put(fuse, "file");
	uint32_t before = fuse->orders->seen[WEDGE_FLUSH];
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = start("many", "read", path, CROWD_TEXT, threads);
	int most = census_most_tasks(victim, 1, PATIENCE_MS);
	print_message("             %d tasks of ours at most\n", most);
	assert_closes(victim, TOTAL_MS, FILE_MS);
	assert_in_range(most, 1, MOST_TASKS);
	assert_memory_is_flat(victim->marks);
	assert_parked(fuse, victim, 0);
	assert_recovers(fuse, victim, before, 0);
}

static void ten_thousand_files_one_after_another_cost_at_most_2_s(void **state)
{
	(void)state;
	close_a_crowd("1");
}

static void ten_thousand_files_from_eight_threads_cost_at_most_2_s(void **state)
{
	(void)state;
	close_a_crowd("8");
}

static void ten_thousand_written_files_give_EIO_within_two_deadlines(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	census_require(CROWD);
	mount_hang(fuse, WEDGE_FLUSH);
	uint32_t before = fuse->orders->seen[WEDGE_FLUSH];
	struct running *victim =
		start("many", "written", mount_path(fuse, "file"), CROWD_TEXT, "8");
	int most = census_most_tasks(victim, 1, PATIENCE_MS);
	assert_closes(victim, 2 * WRITE_MS, WRITE_MS);
	assert_in_range(most, 1, MOST_TASKS);
	assert_memory_is_flat(victim->marks);
	assert_parked(fuse, victim, -1);
	assert_recovers(fuse, victim, before, -1);
	census_assert_arrived(fuse, "file", CROWD, BYTES, ARRIVAL_MS);
}

/* What they hold is on its way when they are closed: in the page cache. */
static struct running *close_dirty_files(struct mount *fuse, const char *verb)
{
	census_require(PAGES);
	mount_hang(fuse, WEDGE_WRITE);
	return start(verb, "written", mount_path(fuse, "file"), PAGES_TEXT, "8");
}

static void dirty_pages_of_parked_files_arrive_after_recovery(void **state)
{
	struct mount *fuse = mount_start("-w");

	(void)state;
	struct running *victim = close_dirty_files(fuse, "many");
	run_await_step(victim, 1, PATIENCE_MS);
	assert_closes(victim, 2 * WRITE_MS, WRITE_MS);
	assert_true(victim->marks->number[1] >= PAGES - MOST_HANDS);
	mount_recover(fuse);
	run_let_go(victim, 2);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("release", &victim->marks->call[1], 0, RELEASE_MS);
	census_assert_flushes(fuse, 0, PAGES);
	census_assert_arrived(fuse, "file", PAGES, BYTES, ARRIVAL_MS);
}

static void dirty_pages_of_parked_files_arrive_when_the_program_is_gone(void **state)
{
	struct mount *fuse = mount_start("-w");

	(void)state;
	struct running *victim = close_dirty_files(fuse, "leave");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_closes(victim, 2 * WRITE_MS, WRITE_MS);
	bounds_span("exit", victim->marks->left_ns, victim->reaped_ns, 0, WRITE_MS);
	mount_recover(fuse);
	census_await_flushes(fuse, 0, PAGES);
	census_assert_arrived(fuse, "file", PAGES, BYTES, ARRIVAL_MS);
}

static void ten_thousand_written_files_arrive_when_the_program_is_gone(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	census_require(CROWD);
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim =
		start("leave", "written", mount_path(fuse, "file"), CROWD_TEXT, "1");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_closes(victim, 2 * WRITE_MS, WRITE_MS);
	bounds_span("exit", victim->marks->left_ns, victim->reaped_ns, 0, WRITE_MS);
	mount_recover(fuse);
	census_await_flushes(fuse, 0, CROWD);
	census_assert_arrived(fuse, "file", CROWD, BYTES, ARRIVAL_MS);
	mount_await_calm(fuse);
}

static void a_hundred_threads_at_once_are_all_let_go_by_the_deadline(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = start("leave", "read", path, "100", "100");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_closes(victim, FILE_MS, FILE_MS);
	bounds_span("exit", victim->marks->left_ns, victim->reaped_ns, 0, FILE_MS);
	struct census census = census_await(victim, 0, 100);
	assert_int_equal(census.finished, 0);
	assert_int_equal(census.parked, victim->marks->number[1]);
}

static void a_hundred_threads_on_a_slow_mount_see_what_they_see_without_us(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	fuse->orders->delay_ms = 200;
	struct running *victim = start("leave", "read", path, "100", "100");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("all closes", &victim->marks->call[0], 200, 300);
	assert_int_equal(victim->marks->number[0], 0);
	assert_int_equal(victim->marks->number[1], 0);
	assert_int_equal(census_await(victim, 0, 100).finished, 100);
	char *said = scratch_text(victim->errors);
	assert_string_equal(said, "");
	free(said);
}

static struct running *use_parked(struct mount *fuse, const char *verb)
{
	const char *path = mount_put(fuse, "file"), *other = scratch_path("other");

	scratch_put(other, "another\n");
	mount_hang(fuse, WEDGE_FLUSH);
	return run_start(&(struct run_order){ .program = RUN_VICTIM("parked"),
					      .arguments = { verb, path, other } });
}

static void a_parked_number_is_closed_to_close_and_dup(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = use_parked(fuse, "numbers");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("dup2", &victim->marks->call[1], 0, SOON_MS);
	bounds_took("dup3", &victim->marks->call[2], 0, SOON_MS);
	bounds_span("exit", victim->marks->left_ns, victim->reaped_ns, 0, FILE_MS);
}

static void close_range_closes_all_but_parked_numbers(void **state)
{
	static const char *const ways[] = { "", "CLOEXEC", "UNSHARE", "plain" };
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = use_parked(fuse, "ranges");
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	for (int slot = 1; slot <= 3; slot++) {
		bounds_took(ways[slot], &victim->marks->call[slot], 0, SOON_MS);
		assert_int_equal(victim->marks->call[slot].result, 0);
	}
	bounds_span("exit", victim->marks->left_ns, victim->reaped_ns, 0, FILE_MS);
	census_await(victim, 0, FEW);
}

#ifndef CURFEW_TEST_THREAD_SANITIZED /* takes two owners of one number for a race */
static void what_is_put_on_parked_numbers_outlives_the_recovery(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = use_parked(fuse, "replaced");
	run_await_step(victim, 1, PATIENCE_MS);
	mount_recover(fuse);
	run_await_step(victim, 2, PATIENCE_MS);
	mount_await_calm(fuse);
	events_await(victim->events, "late", 1);
	run_let_go(victim, 1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("on the dead mount", &victim->marks->call[1], 0, 8 * SOON_MS);
	bounds_took("while it recovers", &victim->marks->call[2], 0, TOTAL_MS);
	print_message("             %d numbers\n", (int)victim->marks->number[3]);
	assert_true(victim->marks->number[3] >= NOT_SO_FEW - MOST_HANDS);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(ten_thousand_files_one_after_another_cost_at_most_2_s),
		SUITE_TEST(ten_thousand_files_from_eight_threads_cost_at_most_2_s),
		SUITE_TEST(ten_thousand_written_files_give_EIO_within_two_deadlines),
		SUITE_TEST(dirty_pages_of_parked_files_arrive_after_recovery),
		SUITE_TEST(dirty_pages_of_parked_files_arrive_when_the_program_is_gone),
		SUITE_TEST(ten_thousand_written_files_arrive_when_the_program_is_gone),
		SUITE_TEST(a_hundred_threads_at_once_are_all_let_go_by_the_deadline),
		SUITE_TEST(
			a_hundred_threads_on_a_slow_mount_see_what_they_see_without_us),
		SUITE_TEST(a_parked_number_is_closed_to_close_and_dup),
		SUITE_TEST(close_range_closes_all_but_parked_numbers),
#ifndef CURFEW_TEST_THREAD_SANITIZED
		SUITE_TEST(what_is_put_on_parked_numbers_outlives_the_recovery),
#endif
	};

	return suite_run(tests);
}
