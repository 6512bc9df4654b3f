/* SPDX-License-Identifier: MIT */
/*
 * test_ends.c - the end of a healthy program is as it was: who confined itself is not
 * killed for our calls, locks go with the process, files are whole when it is gone.
 */
#include <fcntl.h>
#include <unistd.h>

#include "bounds.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define REAP_MS	 8000
#define FLUSH_MS 2000

#ifndef CURFEW_TEST_SANITIZED /* whose runtime makes calls of its own at the end */
static void assert_confined_ends(const char *how, int is_stock)
{
	const char *path = scratch_path("local");

	scratch_put(path, "text\n");
	run_assert_ends(
		run_start(&(struct run_order){ .program = RUN_VICTIM("end"),
					       .arguments = { "confined", how, path },
					       .is_stock = is_stock }),
		REAP_MS, VICTIM_STATUS);
}

static void a_program_that_has_confined_itself_ends_as_ever(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		assert_confined_ends("exit", is_stock);
		assert_confined_ends("_exit", is_stock);
	}
}
#endif

static void a_posix_lock_is_held_until_the_process_is_gone(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		struct mount *fuse = mount_start(NULL);
		const char *path = mount_put(fuse, "file");
		struct running *victim =
			run_start(&(struct run_order){ .program = RUN_VICTIM("end"),
						       .arguments = { "locked", path },
						       .is_stock = is_stock });
		int fd = open(path, O_RDWR | O_CLOEXEC);

		run_await_step(victim, 1, REAP_MS);
		assert_int_equal(fcntl(fd, F_SETLK, &lock), -1);
		fuse->orders->delay_ms = FLUSH_MS;
		run_let_go(victim, 1);
		assert_int_equal(fcntl(fd, F_SETLKW, &lock), 0);
		int64_t granted = bounds_now();
		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		bounds_span("exit", victim->marks->left_ns, victim->reaped_ns, FLUSH_MS,
			    FLUSH_MS + FLUSH_MS / 4);
		bounds_span("gone after the lock", granted, victim->reaped_ns, -FLUSH_MS,
			    FLUSH_MS / 2);
		fuse->orders->delay_ms = 0;
		close(fd);
	}
}

static void a_file_is_whole_when_a_process_with_few_numbers_is_gone(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct mount *fuse = mount_start(NULL);
		struct running *victim = run_start(&(struct run_order){
			.program = RUN_VICTIM("end"),
			.arguments = { "few", mount_put(fuse, "file"), "64" },
			.is_stock = is_stock });

		run_await_step(victim, 1, REAP_MS);
		unsigned seen = fuse->orders->seen[WEDGE_FLUSH];
		fuse->orders->delay_ms = FLUSH_MS;
		run_let_go(victim, 1);
		run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
		assert_true(fuse->orders->seen[WEDGE_FLUSH] > seen);
		assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 0);
		fuse->orders->delay_ms = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef CURFEW_TEST_SANITIZED
		SUITE_TEST(a_program_that_has_confined_itself_ends_as_ever),
#endif
		SUITE_TEST(a_posix_lock_is_held_until_the_process_is_gone),
		SUITE_TEST(a_file_is_whole_when_a_process_with_few_numbers_is_gone),
	};

	return suite_run(tests);
}
