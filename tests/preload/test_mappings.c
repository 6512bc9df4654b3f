/* SPDX-License-Identifier: MIT */
/*
 * test_mappings.c - memory that cannot be unmapped at once does not hold the program,
 * none of its threads, and not its end; and what can be is unmapped as ever.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define REAP_MS	    8000
#define PROMPTLY_MS 50
#define DEADLINE_MS 300
#define FILE_BYTES  65536
#ifdef CURFEW_TEST_SANITIZED /* a fork alone takes long */
#define DELAY_MS 1500
#else
#define DELAY_MS 200 /* of operations that have nothing to do with the mapping */
#endif
#define DELAY_SLACK_PART 10 /* a tenth of the slack: less than the deadline           */
#ifdef CURFEW_TEST_THREAD_SANITIZED /* which takes its time for each */
#define FEWEST 1
#else
#define FEWEST 5
#endif
#define THREADS	    4
#define OBSERVED_MS 700

static void assert_answer(const struct running *victim, int slot, int result, int error)
{
	assert_int_equal(victim->marks->call[slot].result, result);
	assert_int_equal(victim->marks->call[slot].error, error);
}

static struct running *start(const char *verb, const char *first, const char *second)
{
	return run_start(&(struct run_order){ .program = RUN_VICTIM("mapping"),
					      .arguments = { verb, first, second } });
}

static void assert_bounded(const struct running *victim)
{
	bounds_took("munmap", &victim->marks->call[0], DEADLINE_MS, DEADLINE_MS + 50);
	assert_answer(victim, 0, 0, MARKS_ERRNO);
}

/* The only one of a munmap: the end of the process may have others to tell. */
static const struct event *event_of_munmap(const struct running *victim,
					   const char *ending)
{
	const struct event *found = NULL;

	for (int64_t until = bounds_after(REAP_MS); !found;) {
		const struct events *events = events_read(victim->events);

		for (int i = 0; i < events->count; i++) {
			const struct event *event = &events->list[i];

			if (strcmp(event->call, "munmap") != 0 ||
			    strcmp(event->ending, ending) != 0)
				continue;
			assert_null(found);
			found = event;
		}
		if (!found && !bounds_nap(until))
			fail_msg("no event \"%s\" of a munmap", ending);
	}
	return found;
}

static void assert_event(const struct running *victim, const char *ending,
			 const char *mount)
{
	const struct event *event = event_of_munmap(victim, ending);

	assert_string_equal(event->class, "mmap");
	assert_string_equal(event->comm, "victim_mapping");
	assert_string_equal(event->mount, mount);
	assert_string_equal(event->error, "");
	assert_int_equal(event->pid, victim->pid);
	assert_int_equal(event->result, 0);
	assert_int_equal((int)event->deadline_ms, DEADLINE_MS);
}

static void assert_nothing_was_cut(const struct running *victim)
{
	static const char *const endings[] = { "expired", "parked", "late", "stuck" };
	char *said = scratch_text(victim->errors);

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		assert_int_equal(events_count(victim->events, endings[i]), 0);
	assert_string_equal(said, "");
	free(said);
}

/* A file that is still open is closed at the end, which has a deadline of its own. */
static void assert_gone(struct running *victim, int within_ms)
{
	int64_t left_ns = victim->marks->left_ns;

	bounds_span("waitpid", left_ns, victim->reaped_ns, 0, within_ms);
	bounds_span("stdout", left_ns, run_await_end_of_output(victim, REAP_MS), 0,
		    within_ms);
}

static void assert_nobody_waited(const struct marks *marks)
{
	static const char *const names[THREADS] = { "mmap", "malloc", "pthread_create",
						    "fork" };

	for (int i = 0; i < THREADS; i++) {
		print_message("             longest %s meanwhile: %.1f ms\n", names[i],
			      (double)marks->number[i] / BOUNDS_MS);
		assert_true(marks->number[i] <=
			    (DELAY_MS + bounds_slack_ms() / DELAY_SLACK_PART) *
				    BOUNDS_MS);
	}
	assert_true(marks->number[THREADS] >= FEWEST);
}

/* What is on the server afterwards has come there by itself, not by our looking. */
static void assert_whole_after_recovery(struct mount *fuse, const struct running *victim)
{
	assert_true(fuse->orders->waiting[WEDGE_WRITE] > 0);
	mount_recover(fuse);
	assert_event(victim, "late", fuse->point);
	mount_await_calm(fuse);
	unsigned sent = fuse->orders->seen[WEDGE_WRITE];
	assert_true(mount_holds(fuse, "file", FILE_BYTES));
	assert_int_equal(fuse->orders->seen[WEDGE_WRITE], sent);
}

static void assert_dirty_mapping_is_parked(const char *option, const char *kind)
{
	struct mount *fuse = mount_start(option);

	mount_hang(fuse, WEDGE_WRITE);
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("mapping"),
		.arguments = { "busy", kind, mount_path(fuse, "file") },
		.variables = { "CURFEW_DEADLINE_WRITE=300ms" } });
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_bounded(victim);
	assert_nobody_waited(victim->marks);
	assert_gone(victim, PROMPTLY_MS + (kind[0] == 'h' ? DEADLINE_MS : 0));
	assert_event(victim, "parked", fuse->point);
	assert_whole_after_recovery(fuse, victim);
}

static void a_dirty_mapping_holds_no_thread_and_is_whole_in_the_end(void **state)
{
	(void)state;
	assert_dirty_mapping_is_parked(NULL, "held");
}

static void so_is_one_whose_file_is_closed(void **state)
{
	(void)state;
	assert_dirty_mapping_is_parked(NULL, "closed");
}

static void so_is_one_with_a_writeback_cache(void **state)
{
	(void)state;
	assert_dirty_mapping_is_parked("-w", "held");
}

static void so_is_one_with_a_writeback_cache_whose_file_is_closed(void **state)
{
	(void)state;
	assert_dirty_mapping_is_parked("-w", "closed");
}

static void a_dirty_mapping_that_is_left_holds_nobody_at_the_end(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	mount_hang(fuse, WEDGE_WRITE);
	struct running *victim = start("left", "closed", mount_path(fuse, "file"));
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_gone(victim, PROMPTLY_MS + DEADLINE_MS);
	events_assert_count(victim->events, "expired", 1);
	mount_recover(fuse);
	mount_await_calm(fuse);
	assert_true(mount_holds(fuse, "file", FILE_BYTES));
}

static void
a_private_mapping_is_bounded_when_another_process_dirtied_the_file(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	mount_hang(fuse, WEDGE_WRITE);
	struct running *victim = start("private", path, NULL);
	run_await_step(victim, 1, REAP_MS);
	struct running *other =
		run_start(&(struct run_order){ .program = RUN_VICTIM("mapping"),
					       .arguments = { "dirties", path },
					       .is_stock = 1 });
	run_await_step(other, 1, REAP_MS);
	run_let_go(victim, 1);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_bounded(victim);
	assert_gone(victim, PROMPTLY_MS + DEADLINE_MS);
	assert_event(victim, "parked", fuse->point);
	mount_recover(fuse);
	assert_event(victim, "late", fuse->point);
	run_let_go(other, 1);
	run_assert_ends(other, REAP_MS, VICTIM_STATUS);
	assert_true(mount_holds(fuse, "file", FILE_BYTES));
}

/* Stock, and then with the library: a healthy server lets nobody see a difference. */
static void assert_as_ever(const char *verb, const char *kind, enum wedge_operation hung)
{
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct mount *fuse = mount_start(NULL);
		const char *path = mount_path(fuse, "file");

		if (hung != WEDGE_OPERATIONS)
			mount_hang(fuse, hung);
		struct running *victim = run_start(&(struct run_order){
			.program = RUN_VICTIM("mapping"),
			.arguments = { verb, kind ? kind : path, path },
			.is_stock = is_stock });
		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_took("munmap", &victim->marks->call[0], 0, 100);
		assert_answer(victim, 0, 0, MARKS_ERRNO);
		assert_nothing_was_cut(victim);
		assert_true(mount_holds(fuse, "file", FILE_BYTES));
	}
}

static void a_healthy_mapping_is_unmapped_as_ever(void **state)
{
	(void)state;
	assert_as_ever("munmap", "held", WEDGE_OPERATIONS);
	assert_as_ever("munmap", "closed", WEDGE_OPERATIONS);
}

static void no_mapping_of_an_open_file_waits_for_fsync(void **state)
{
	(void)state;
	assert_as_ever("munmap", "held", WEDGE_FSYNC);
}

static void the_middle_of_a_mapping_goes_and_both_ends_stay(void **state)
{
	(void)state;
	assert_as_ever("middle", NULL, WEDGE_OPERATIONS);
}

static void one_call_unmaps_several_mappings_and_the_gaps_between(void **state)
{
	(void)state;
	assert_as_ever("gaps", NULL, WEDGE_OPERATIONS);
}

/* What is clean for no moment as a whole is written back all the same. */
static void a_file_that_is_stored_into_all_the_time_holds_no_munmap_of_it(void **state)
{
	(void)state;
	assert_as_ever("restless", NULL, WEDGE_OPERATIONS);
}

#ifndef CURFEW_TEST_THREAD_SANITIZED
static void what_munmap_refuses_is_refused(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct mount *fuse = mount_start(NULL);
		struct running *victim = run_start(&(struct run_order){
			.program = RUN_VICTIM("mapping"),
			.arguments = { "errors", mount_path(fuse, "file") },
			.is_stock = is_stock });

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		for (int i = 0; i < 4; i++)
			assert_answer(victim, i, -1, EINVAL);
		assert_answer(victim, 4, 0, MARKS_ERRNO);
		assert_answer(victim, 5, 0, MARKS_ERRNO);
		assert_nothing_was_cut(victim);
	}
}
#endif

static void require_userfaultfd(void)
{
	if (access("/proc/sys/vm/unprivileged_userfaultfd", F_OK) != 0)
		suite_skip("the kernel has no userfaultfd");
}

static void memory_whose_watcher_does_not_read_is_free_after_the_deadline(void **state)
{
	(void)state;
	require_userfaultfd();
	struct running *victim = start("watched", "unread", NULL);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_bounded(victim);
	bounds_took("mmap there", &victim->marks->call[1], 0, PROMPTLY_MS);
	assert_int_equal(victim->marks->call[1].result, 0);
	assert_gone(victim, PROMPTLY_MS);
	assert_event(victim, "expired", "");
}

#ifndef CURFEW_TEST_SANITIZED
static void memory_whose_watcher_reads_is_unmapped_as_ever(void **state)
{
	(void)state;
	require_userfaultfd();
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim =
			run_start(&(struct run_order){ .program = RUN_VICTIM("mapping"),
						       .arguments = { "watched", "read" },
						       .is_stock = is_stock });

		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_took("munmap", &victim->marks->call[0], 0, 100);
		assert_answer(victim, 0, 0, MARKS_ERRNO);
		assert_int_equal(victim->marks->call[1].result, 0);
		assert_nothing_was_cut(victim);
	}
}
#endif

static void observing_never_cuts_and_says_what_would_have_been(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	mount_hang(fuse, WEDGE_WRITE);
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("mapping"),
		.arguments = { "munmap", "held", mount_path(fuse, "file") },
		.variables = { "CURFEW=observe" } });
	mount_await_waiting(fuse, WEDGE_WRITE, 1);
	for (int64_t until = bounds_after(OBSERVED_MS); bounds_nap(until);)
		assert_false(run_has_ended(victim));
	mount_recover(fuse);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("munmap", &victim->marks->call[0], OBSERVED_MS - 100,
		    OBSERVED_MS + 100);
	assert_answer(victim, 0, 0, MARKS_ERRNO);
	const struct event *event = events_only(victim->events, "finished");
	assert_string_equal(event->call, "munmap");
	assert_true(strcmp(event->would, "expired") == 0 ||
		    strcmp(event->would, "parked") == 0);
	assert_int_equal(events_count(victim->events, "expired"), 0);
	assert_int_equal(events_count(victim->events, "parked"), 0);
	assert_true(mount_holds(fuse, "file", FILE_BYTES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_dirty_mapping_holds_no_thread_and_is_whole_in_the_end),
		SUITE_TEST(so_is_one_whose_file_is_closed),
		SUITE_TEST(so_is_one_with_a_writeback_cache),
		SUITE_TEST(so_is_one_with_a_writeback_cache_whose_file_is_closed),
		SUITE_TEST(
			a_private_mapping_is_bounded_when_another_process_dirtied_the_file),
		SUITE_TEST(a_dirty_mapping_that_is_left_holds_nobody_at_the_end),
		SUITE_TEST(a_healthy_mapping_is_unmapped_as_ever),
		SUITE_TEST(no_mapping_of_an_open_file_waits_for_fsync),
		SUITE_TEST(the_middle_of_a_mapping_goes_and_both_ends_stay),
		SUITE_TEST(one_call_unmaps_several_mappings_and_the_gaps_between),
		SUITE_TEST(a_file_that_is_stored_into_all_the_time_holds_no_munmap_of_it),
#ifndef CURFEW_TEST_THREAD_SANITIZED /* whose munmap ends a program that errs */
		SUITE_TEST(what_munmap_refuses_is_refused),
#endif
		SUITE_TEST(memory_whose_watcher_does_not_read_is_free_after_the_deadline),
#ifndef CURFEW_TEST_SANITIZED /* whose runtime takes the place at once */
		SUITE_TEST(memory_whose_watcher_reads_is_unmapped_as_ever),
#endif
		SUITE_TEST(observing_never_cuts_and_says_what_would_have_been),
	};

	return suite_run(tests);
}
