/* SPDX-License-Identifier: MIT */
/*
 * test_leaving.c - a program that leaves something open on a wedged mount ends at the
 * deadline, with its own status, holds nothing then, and what it wrote arrives later.
 */
#include "bounds.h"
#include "holdings.h"
#include "mount.h"
#include "run.h"
#include "suite.h"

#define DEADLINE_MS  300
#define PROMPTLY_MS  50
#define EXIT_MS	     400
#define REAP_MS	     5000
#define BYTES	     1000
#define CHILD_STATUS 5
#define UNTOUCHED    1 /* the 'x' in what mount_put() puts there */

#define WRITE_VARIABLE "CURFEW_DEADLINE_WRITE=300ms"
#define EXIT_VARIABLE  "CURFEW_DEADLINE_EXIT=400ms"

static struct mount *fuse;
static struct holdings holdings;

/* What is left open, how the program ends, and what hangs. */
struct way {
	const char *what, *how;
	enum wedge_operation hung;
	const char *option; /* of wedgefs */
	size_t bytes;	    /* that are on the server in the end; 0: no file before */
};

static struct running *start(const struct way *way, const char *variable)
{
	fuse = mount_start(way->option);
	const char *path =
		way->bytes ? mount_put(fuse, "file") : mount_path(fuse, "file");
	holdings = holdings_make();
	mount_hang(fuse, way->hung);
	return run_start(&(struct run_order){
		.program = RUN_VICTIM("leaver"),
		.arguments = { way->what, way->how, path, holdings.lock, holdings.fifo },
		.variables = { variable } });
}

static void assert_data_arrives(const struct way *way)
{
	mount_recover(fuse);
	mount_await_calm(fuse);
	if (!mount_holds(fuse, "file", way->bytes))
		fail_msg("%s, %s: what was written is not there", way->what, way->how);
}

static void assert_flushed(unsigned count)
{
	for (int64_t until = bounds_after(REAP_MS);
	     fuse->orders->seen[WEDGE_FLUSH] < count;) {
		if (!bounds_nap(until))
			fail_msg("%u of %u are flushed",
				 (unsigned)fuse->orders->seen[WEDGE_FLUSH], count);
	}
}

static void assert_leaves(const struct way *way)
{
	print_message("  %s, %s%s%s\n", way->what, way->how,
		      way->hung == WEDGE_WRITE ? ", WRITE hangs" : "",
		      way->option ? " with write-back" : "");
	struct running *victim = start(way, WRITE_VARIABLE);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_span("end", victim->marks->left_ns, victim->reaped_ns, DEADLINE_MS,
		    DEADLINE_MS + PROMPTLY_MS);
	holdings_assert_free(&holdings, victim, victim->reaped_ns, PROMPTLY_MS);
	assert_true(fuse->orders->waiting[way->hung] > 0);
	assert_data_arrives(way);
}

static void assert_each_leaves(const struct way *ways, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_leaves(&ways[i]);
}

#define EACH(ways) (ways), sizeof(ways) / sizeof(*(ways))

static void a_file_that_was_only_opened_is_left_by_every_way_out(void **state)
{
	static const struct way ways[] = {
		{ "read", "return", WEDGE_FLUSH, NULL, UNTOUCHED },
		{ "read", "exit", WEDGE_FLUSH, NULL, UNTOUCHED },
		{ "read", "_exit", WEDGE_FLUSH, NULL, UNTOUCHED },
		{ "read", "quick_exit", WEDGE_FLUSH, NULL, UNTOUCHED },
		{ "read", "thread", WEDGE_FLUSH, NULL, UNTOUCHED },
		{ "read", "orphan", WEDGE_FLUSH, NULL, UNTOUCHED },
	};

	(void)state;
	assert_each_leaves(EACH(ways));
}

static void a_file_that_was_written_is_left_by_every_way_out(void **state)
{
	static const struct way ways[] = {
		{ "written", "return", WEDGE_FLUSH, NULL, BYTES },
		{ "written", "exit", WEDGE_WRITE, "-w", BYTES },
		{ "written", "_exit", WEDGE_WRITE, "-w", BYTES },
		{ "written", "quick_exit", WEDGE_FLUSH, NULL, BYTES },
		{ "written", "thread", WEDGE_WRITE, "-w", BYTES },
	};

	(void)state;
	assert_each_leaves(EACH(ways));
}

static void a_hundred_files_are_left_in_one_deadline(void **state)
{
	static const struct way ways[] = {
		{ "many", "return", WEDGE_FLUSH, NULL, UNTOUCHED },
		{ "many", "_exit", WEDGE_FLUSH, NULL, UNTOUCHED },
	};

	(void)state;
	assert_each_leaves(EACH(ways));
}

/* There is no number left to read the table by: it is left to others at once. */
static void a_table_without_a_free_number_is_left_in_one_deadline(void **state)
{
	static const struct way ways[] = {
		{ "full", "return", WEDGE_FLUSH, NULL, UNTOUCHED },
		{ "full", "_exit", WEDGE_FLUSH, NULL, UNTOUCHED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct running *victim = start(&ways[i], WRITE_VARIABLE);

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_span("end", victim->marks->left_ns, victim->reaped_ns, 0,
			    DEADLINE_MS + PROMPTLY_MS);
		holdings_assert_free(&holdings, victim, victim->reaped_ns, PROMPTLY_MS);
		assert_data_arrives(&ways[i]);
		assert_flushed(1 +
			       (unsigned)victim->marks->number[2]); /* 1 by mount_put() */
	}
}

static void stdin_stdout_and_stderr_are_left_there(void **state)
{
	static const struct way ways[] = {
		{ "three", "return", WEDGE_FLUSH, NULL, BYTES },
		{ "three", "_exit", WEDGE_WRITE, "-w", BYTES },
	};

	(void)state;
	assert_each_leaves(EACH(ways));
}

static void dirty_pages_are_left_mapped(void **state)
{
	static const struct way ways[] = {
		{ "mapped", "return", WEDGE_WRITE, NULL, BYTES },
		{ "mapped", "_exit", WEDGE_WRITE, "-w", BYTES },
	};

	(void)state;
	assert_each_leaves(EACH(ways));
}

static void what_stands_in_a_buffer_arrives_as_well(void **state)
{
	static const struct way ways[] = {
		{ "stream", "return", WEDGE_FLUSH, NULL, BYTES },
		{ "stream", "exit", WEDGE_WRITE, NULL, BYTES },
		{ "stream", "thread", WEDGE_WRITE, "-w", BYTES },
		{ "stream", "orphan", WEDGE_FLUSH, NULL, BYTES },
		{ "stdout", "return", WEDGE_FLUSH, NULL, BYTES },
		{ "stdout", "exit", WEDGE_WRITE, NULL, BYTES },
		{ "stdout", "return", WEDGE_WRITE, "-w", BYTES },
	};

	(void)state;
	assert_each_leaves(EACH(ways));
}

static void a_buffer_that_the_program_gives_up_is_not_written(void **state)
{
	static const struct way ways[] = {
		{ "stream", "_exit", WEDGE_FLUSH, NULL, 0 },
		{ "stdout", "quick_exit", WEDGE_FLUSH, NULL, UNTOUCHED },
	};

	(void)state;
	assert_each_leaves(EACH(ways));
}

static void an_exit_deadline_that_is_shorter_ends_it_first(void **state)
{
	static const struct way ways[] = {
		{ "written", "return", WEDGE_FLUSH, NULL, BYTES },
		{ "written", "_exit", WEDGE_FLUSH, NULL, BYTES },
		{ "stdout", "return", WEDGE_WRITE, NULL, BYTES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct running *victim = start(&ways[i], EXIT_VARIABLE);

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_span("end", victim->marks->left_ns, victim->reaped_ns, DEADLINE_MS,
			    EXIT_MS + PROMPTLY_MS);
		holdings_assert_free(&holdings, victim, victim->reaped_ns, PROMPTLY_MS);
		assert_data_arrives(&ways[i]);
	}
}

static void a_child_leaves_the_file_that_its_parent_has_closed(void **state)
{
	static const struct way way = { "child_closed", "return", WEDGE_FLUSH, NULL,
					UNTOUCHED };

	(void)state;
	struct running *victim = start(&way, WRITE_VARIABLE);
	struct mark *call = victim->marks->call;
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("close of the parent", &call[0], DEADLINE_MS,
		    DEADLINE_MS + PROMPTLY_MS);
	assert_int_equal(call[1].result, CHILD_STATUS << 8);
	bounds_span("end of the child", victim->marks->number[1], call[1].ended_ns, 0,
		    DEADLINE_MS + PROMPTLY_MS);
	bounds_span("end", victim->marks->left_ns, victim->reaped_ns, 0, PROMPTLY_MS);
	holdings_assert_free(&holdings, victim, victim->reaped_ns, PROMPTLY_MS);
}

static void a_child_leaves_the_file_after_its_parent_did(void **state)
{
	static const char *const hows[] = { "return", "_exit" };

	(void)state;
	for (size_t i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		struct way way = { "child_outlives", hows[i], WEDGE_FLUSH, NULL,
				   UNTOUCHED };
		struct running *victim = start(&way, WRITE_VARIABLE);

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_span("end of the parent", victim->marks->left_ns,
			    victim->reaped_ns, DEADLINE_MS, DEADLINE_MS + PROMPTLY_MS);
		run_let_go(victim, 1);
		int64_t ended_ns = run_await_end_of_output(victim, REAP_MS);
		bounds_span("end of the child", victim->marks->number[1], ended_ns, 0,
			    DEADLINE_MS + PROMPTLY_MS);
		holdings_assert_own_free(&holdings, victim, ended_ns, PROMPTLY_MS);
	}
}

/* The shell and /bin/true have a deadline each. */
static void
children_of_system_and_popen_are_bounded_by_deadlines_of_their_own(void **state)
{
	static const struct way way = { "system", "return", WEDGE_FLUSH, NULL,
					UNTOUCHED };

	(void)state;
	struct running *victim = start(&way, WRITE_VARIABLE);
	struct mark *call = victim->marks->call;
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("system", &call[0], DEADLINE_MS, 2 * (DEADLINE_MS + PROMPTLY_MS));
	bounds_took("popen", &call[1], DEADLINE_MS, 2 * (DEADLINE_MS + PROMPTLY_MS));
	assert_int_equal(call[0].result, 3 << 8);
	assert_int_equal(call[1].result, 4 << 8);
	bounds_span("end", victim->marks->left_ns, victim->reaped_ns, DEADLINE_MS,
		    DEADLINE_MS + PROMPTLY_MS);
	holdings_assert_free(&holdings, victim, victim->reaped_ns, PROMPTLY_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_file_that_was_only_opened_is_left_by_every_way_out),
		SUITE_TEST(a_file_that_was_written_is_left_by_every_way_out),
		SUITE_TEST(a_hundred_files_are_left_in_one_deadline),
		SUITE_TEST(a_table_without_a_free_number_is_left_in_one_deadline),
		SUITE_TEST(stdin_stdout_and_stderr_are_left_there),
		SUITE_TEST(dirty_pages_are_left_mapped),
		SUITE_TEST(what_stands_in_a_buffer_arrives_as_well),
		SUITE_TEST(a_buffer_that_the_program_gives_up_is_not_written),
		SUITE_TEST(an_exit_deadline_that_is_shorter_ends_it_first),
		SUITE_TEST(a_child_leaves_the_file_that_its_parent_has_closed),
		SUITE_TEST(a_child_leaves_the_file_after_its_parent_did),
		SUITE_TEST(
			children_of_system_and_popen_are_bounded_by_deadlines_of_their_own),
	};

	return suite_run(tests);
}
