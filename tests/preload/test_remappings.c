/* SPDX-License-Identifier: MIT */
/*
 * test_remappings.c - what is mapped or moved over memory that cannot go at once is refused
 * in time and changes nothing; with a server that answers it is done as ever.
 */
#include <errno.h>
#include <stdlib.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define REAP_MS	    8000
#define PROMPTLY_MS 50
#define DEADLINE_MS 300
#define GONE_MS	    5000
#define FILE_BYTES  65536

static struct mount *fuse;

static struct running *start(const char *verb, const char *how, int is_stock)
{
	const char *path = mount_path(fuse, "file");

	return run_start(
		&(struct run_order){ .program = RUN_VICTIM("remap"),
				     .arguments = { verb, how ? how : path, path },
				     .variables = { "CURFEW_DEADLINE_WRITE=300ms" },
				     .is_stock = is_stock });
}

static struct running *start_hung(const char *verb, const char *how)
{
	fuse = mount_start(NULL);
	mount_hang(fuse, WEDGE_WRITE);
	return start(verb, how, 0);
}

static void assert_answer(const struct running *victim, int slot, int result, int error)
{
	assert_int_equal(victim->marks->call[slot].result, result);
	assert_int_equal(victim->marks->call[slot].error, error);
}

static void assert_refused(const struct running *victim, int slot, const char *what)
{
	bounds_took(what, &victim->marks->call[slot], 0, DEADLINE_MS + 50);
	assert_answer(victim, slot, -1, ENOMEM);
}

static void assert_done(const struct running *victim, int slot, const char *what)
{
	bounds_took(what, &victim->marks->call[slot], 0, DEADLINE_MS);
	assert_answer(victim, slot, 0, MARKS_ERRNO);
}

static void assert_unmapped_at_the_deadline(const struct running *victim)
{
	bounds_took("munmap", &victim->marks->call[0], DEADLINE_MS, DEADLINE_MS + 50);
	assert_answer(victim, 0, 0, MARKS_ERRNO);
}

/* The server answers again, and the victim is told. */
static void recover(struct running *victim)
{
	run_await_step(victim, 1, REAP_MS);
	mount_recover(fuse);
	run_let_go(victim, 1);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	mount_await_calm(fuse);
	assert_true(mount_holds(fuse, "file", FILE_BYTES));
}

static void what_is_parked_is_unmapped_already(void **state)
{
	(void)state;
	struct running *victim = start_hung("again", NULL);
	recover(victim);
	assert_unmapped_at_the_deadline(victim);
	bounds_took("again", &victim->marks->call[1], 0, PROMPTLY_MS);
	assert_answer(victim, 1, 0, MARKS_ERRNO);
	bounds_took("mremap", &victim->marks->call[2], 0, PROMPTLY_MS);
	assert_answer(victim, 2, -1, EFAULT);
	bounds_took("until it is gone", &victim->marks->call[3], 0, GONE_MS);
	assert_int_equal(victim->marks->call[3].result, 0);
	events_assert_count(victim->events, "parked", 1);
	events_assert_count(victim->events, "late", 1);
}

static void assert_covering_a_live_one_is_refused(const char *how)
{
	struct running *victim = start_hung("over_live", how);

	recover(victim);
	assert_refused(victim, 0, "hung");
	assert_done(victim, 1, "healthy");
	assert_done(victim, 2, "munmap");
}

static void a_fixed_mmap_over_a_dirty_mapping_is_refused_while_it_hangs(void **state)
{
	(void)state;
	assert_covering_a_live_one_is_refused("mmap");
}

static void a_fixed_mremap_over_a_dirty_mapping_is_refused_while_it_hangs(void **state)
{
	(void)state;
	assert_covering_a_live_one_is_refused("mremap");
}

static void assert_covering_a_parked_one_is_refused(const char *how)
{
	struct running *victim = start_hung("over_parked", how);

	recover(victim);
	assert_unmapped_at_the_deadline(victim);
	assert_refused(victim, 1, "hung");
	assert_done(victim, 2, "healthy");
	assert_answer(victim, 3, 0, MARKS_ERRNO);
}

static void a_fixed_mmap_over_a_parked_mapping_is_refused_while_it_hangs(void **state)
{
	(void)state;
	assert_covering_a_parked_one_is_refused("mmap");
}

static void a_fixed_mremap_over_a_parked_mapping_is_refused_while_it_hangs(void **state)
{
	(void)state;
	assert_covering_a_parked_one_is_refused("mremap");
}

static void a_dirty_mapping_that_hangs_does_not_shrink_or_move(void **state)
{
	(void)state;
	struct running *victim = start_hung("shrink", NULL);
	recover(victim);
	assert_refused(victim, 0, "shrink");
	assert_refused(victim, 1, "move");
	assert_done(victim, 2, "move, healthy");
	assert_done(victim, 3, "shrink, healthy");
	assert_done(victim, 4, "munmap");
}

static void a_mapping_that_was_resized_is_bounded_where_it_is_now(void **state)
{
	(void)state;
	fuse = mount_start(NULL);
	struct running *victim = start("resize", NULL, 0);
	run_await_step(victim, 1, REAP_MS);
	mount_hang(fuse, WEDGE_WRITE);
	run_let_go(victim, 1);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_unmapped_at_the_deadline(victim);
	events_assert_count(victim->events, "parked", 1);
	mount_recover(fuse);
	events_await(victim->events, "late", 1);
	mount_await_calm(fuse);
	assert_true(mount_holds(fuse, "file", FILE_BYTES));
}

static void what_is_unmapped_on_a_healthy_server_cannot_be_remapped(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		fuse = mount_start(NULL);
		struct running *victim = start("again", NULL, is_stock);

		run_let_go(victim, 1);
		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		assert_answer(victim, 1, 0, MARKS_ERRNO);
		assert_answer(victim, 2, -1, EFAULT);
	}
}

static void on_a_healthy_server_all_of_it_is_as_ever(void **state)
{
	static const char *const verbs[][2] = {
		{ "again", NULL },	     { "over_live", "mmap" },
		{ "over_live", "mremap" },   { "over_parked", "mmap" },
		{ "over_parked", "mremap" }, { "shrink", NULL },
		{ "resize", NULL }
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(verbs) / sizeof(*verbs); i++) {
		fuse = mount_start(NULL);
		struct running *victim =
			start(verbs[i / 2][0], verbs[i / 2][1], i % 2 == 0);
		run_let_go(victim, 1);
		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_took(verbs[i / 2][0], &victim->marks->call[0], 0, 100);
		assert_answer(victim, 0, 0, MARKS_ERRNO);
		char *said = scratch_text(victim->errors);
		assert_string_equal(said, "");
		free(said);
		assert_int_equal(events_count(victim->events, "parked"), 0);
		assert_int_equal(events_count(victim->events, "expired"), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(what_is_parked_is_unmapped_already),
		SUITE_TEST(a_fixed_mmap_over_a_dirty_mapping_is_refused_while_it_hangs),
		SUITE_TEST(a_fixed_mremap_over_a_dirty_mapping_is_refused_while_it_hangs),
		SUITE_TEST(a_fixed_mmap_over_a_parked_mapping_is_refused_while_it_hangs),
		SUITE_TEST(
			a_fixed_mremap_over_a_parked_mapping_is_refused_while_it_hangs),
		SUITE_TEST(a_dirty_mapping_that_hangs_does_not_shrink_or_move),
		SUITE_TEST(a_mapping_that_was_resized_is_bounded_where_it_is_now),
		SUITE_TEST(what_is_unmapped_on_a_healthy_server_cannot_be_remapped),
		SUITE_TEST(on_a_healthy_server_all_of_it_is_as_ever),
	};

	return suite_run(tests);
}
