/* SPDX-License-Identifier: MIT */
/*
 * test_sweep.c - the story of what is left open, with doubles for the floors below: of what
 * a copy is closed, and when an undertaker is left behind.
 */
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "parked_fds.h"
#include "refusal.h"
#include "swept.h"
#include "unit.h"

#define HIGH_NUMBER 700

static void a_hand_closes_a_copy_of_what_is_open_on_a_server(void **state)
{
	(void)state;
	swept_assert(1, 0, 0);
	assert_int_equal(seen.order.call.number, SYS_close);
	assert_true(seen.is_copy_of_remote && seen.is_cloexec);
	assert_true(seen.copy >= HIGH_NUMBER);
	assert_ptr_equal(seen.order.mount, &swept_mount);
	assert_int_equal(seen.order.deadline_ns, 300 * CF_MS);
	assert_true(seen.left_ns > 0 && seen.left_ns <= 300 * CF_MS);
	assert_int_equal(seen.order.identity.device_minor, 5); /* of /dev/zero */
}

static void the_event_is_about_the_number_of_the_program(void **state)
{
	(void)state;
	script.is_written = true;
	swept_leave();
	assert_int_equal(seen.order.deadline_ns, 5000 * CF_MS);
	assert_string_equal(seen.event.call, "exit");
	assert_string_equal(seen.event.class, "write");
	assert_true(seen.event.is_written);
	assert_false(seen.event.is_minor || seen.event.is_address);
	assert_int_equal(seen.event.handle, SWEPT_REMOTE);
	assert_string_equal(seen.name, "/dev/zero");
	assert_string_equal(seen.event.mount, "/mnt/s3");
	assert_string_equal(seen.event.type, "fuse.s3fs");
	script.is_written = false;
	script.has_no_mount = true;
	swept_leave();
	assert_true(seen.event.is_minor); /* nothing is lost */
	assert_string_equal(seen.event.class, "file");
	assert_string_equal(seen.event.type, "unknown");
}

static void what_the_kernel_would_tell_nobody_is_reported_if_it_failed(void **state)
{
	(void)state;
	script.outcome = (struct cf_outcome){ .ending = CF_FINISHED,
					      .result = -EIO,
					      .waited_ns = 7 * CF_MS };
	swept_assert(1, 1, 0);
	assert_int_equal(seen.event.ending, CF_EVENT_FINISHED);
	assert_int_equal(seen.event.result, -EIO);
	assert_int_equal(seen.event.waited_ns, 7 * CF_MS);
}

static void what_expired_leaves_an_undertaker_behind(void **state)
{
	(void)state;
	script.outcome.ending = CF_EXPIRED;
	swept_assert(1, 1, 1);
	assert_int_equal(seen.event.ending, CF_EVENT_EXPIRED);
	script.outcome.ending = CF_PARKED;
	swept_assert(2, 2, 2);
	script.outcome.ending = CF_FINISHED;
	script.is_slow = true; /* then at once */
	swept_assert(3, 2, 3);
}

static void without_a_hand_the_copy_is_closed_as_the_kernel_would(void **state)
{
	(void)state;
	script.outcome.ending = CF_NO_HAND;
	swept_assert(1, 0, 0);
	assert_int_equal(fcntl(seen.copy, F_GETFD), -1);
}

static void without_a_free_number_an_undertaker_is_left_behind(void **state)
{
	(void)state;
	refusal_of_numbers();
	swept_leave();
	refusal_ends();
	assert_int_equal(seen.hands, 0);
	assert_int_equal(seen.watches, 1);
}

/* The close of a copy would take the locks of the process from the file. */
static void a_file_with_a_lock_is_left_to_the_kernel(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int file = open(unit_path("file"), O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(dup2(file, SWEPT_REMOTE), SWEPT_REMOTE);
	assert_int_equal(close(file), 0);
	assert_int_equal(fcntl(SWEPT_REMOTE, F_SETLK, &lock), 0);
	swept_assert(0, 0, 0);
	lock.l_type = F_UNLCK;
	assert_int_equal(fcntl(SWEPT_REMOTE, F_SETLK, &lock), 0);
	swept_assert(1, 0, 0);
}

static void on_a_sick_mount_nothing_is_flushed(void **state)
{
	(void)state;
	atomic_store(&swept_mount.sick_ns, 300 * CF_MS);
	swept_assert(0, 0, 1);
	script.is_written = true; /* whose deadline has not expired there */
	swept_assert(1, 0, 1);
}

static void what_cannot_hang_or_has_no_deadline_is_left_to_the_kernel(void **state)
{
	static const enum cf_kind kinds[] = { CF_KIND_QUIET, CF_KIND_LOCAL,
					      CF_KIND_SOCKET, CF_KIND_TERMINAL,
					      CF_KIND_DEVICE };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		script.kind = kinds[i];
		swept_assert(0, 0, 0);
	}
	script.kind = CF_KIND_REMOTE;
	swept_policy.deadline_ns[CF_CLASS_FILE] = CF_NEVER;
	swept_assert(0, 0, 0);
}

static void what_is_parked_leaves_an_undertaker_behind(void **state)
{
	struct cf_identity identity = cf_identity_read(SWEPT_REMOTE);

	(void)state;
	assert_true(cf_parked_fds_add(SWEPT_REMOTE, &identity, &swept_mount));
	swept_assert(0, 0, 1);
}

static void in_observe_mode_nothing_is_done(void **state)
{
	(void)state;
	swept_policy.mode = CF_MODE_OBSERVE;
	swept_assert(0, 0, 0);
}

static void leave_vfork_child(void *argument)
{
	(void)argument;
	cf_sweep_leave();
}

static void in_a_vfork_child_nothing_is_flushed(void **state)
{
	struct cf_identity identity = cf_identity_read(SWEPT_REMOTE);

	(void)state;
	unit_in_vfork_child(leave_vfork_child, NULL);
	assert_int_equal(seen.hands + seen.watches, 0);
	assert_true(cf_parked_fds_add(SWEPT_REMOTE, &identity, &swept_mount));
	unit_in_vfork_child(leave_vfork_child, NULL);
	assert_int_equal(seen.hands, 0);
	assert_int_equal(seen.watches, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SWEPT_TEST(a_hand_closes_a_copy_of_what_is_open_on_a_server),
		SWEPT_TEST(the_event_is_about_the_number_of_the_program),
		SWEPT_TEST(what_the_kernel_would_tell_nobody_is_reported_if_it_failed),
		SWEPT_TEST(what_expired_leaves_an_undertaker_behind),
		SWEPT_TEST(without_a_hand_the_copy_is_closed_as_the_kernel_would),
		SWEPT_TEST(without_a_free_number_an_undertaker_is_left_behind),
		SWEPT_TEST(a_file_with_a_lock_is_left_to_the_kernel),
		SWEPT_TEST(on_a_sick_mount_nothing_is_flushed),
		SWEPT_TEST(what_cannot_hang_or_has_no_deadline_is_left_to_the_kernel),
		SWEPT_TEST(what_is_parked_leaves_an_undertaker_behind),
		SWEPT_TEST(in_observe_mode_nothing_is_done),
		SWEPT_TEST(in_a_vfork_child_nothing_is_flushed),
	};

	return unit_run(tests);
}
