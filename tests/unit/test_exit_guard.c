/* SPDX-License-Identifier: MIT */
/*
 * test_exit_guard.c - the story of the end, with doubles for the floors below: of what a
 * copy is closed, and when an undertaker is left behind.
 */
#include "exit_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "events.h"
#include "facts.h"
#include "fork.h"
#include "hand.h"
#include "mapped.h"
#include "parked_fds.h"
#include "parked_ranges.h"
#include "ranges.h"
#include "refusal.h"
#include "undertaker.h"
#include "unit.h"

#define HIGH_NUMBER 700
#define REMOTE	    50 /* where what is open on a server is */

struct cf_facts __wrap_cf_facts_look(int fd);
struct cf_outcome __wrap_cf_hand_run(const struct cf_order *order, cf_instant deadline);
void __wrap_cf_events_report(const struct cf_event *event);
void __wrap_cf_undertaker_watch(const _Atomic int *slow);

static struct cf_policy policy;
static struct cf_mount mount;

/* What the doubles answer. */
static struct {
	enum cf_kind kind; /* of REMOTE */
	bool is_written, has_no_mount;
	struct cf_outcome outcome;
	bool is_slow;
} script;

/* What they saw. */
static struct {
	int hands, reports, watches;
	int copy;
	bool is_copy_of_remote, is_cloexec;
	struct cf_order order;
	int64_t left_ns;
	struct cf_event event;
	char name[64];
} seen;

struct cf_facts __wrap_cf_facts_look(int fd)
{
	struct cf_facts facts = { .identity = cf_identity_read(fd) };

	if (fd != REMOTE)
		return facts;
	facts.kind = script.kind;
	facts.is_written = script.is_written;
	facts.mount = script.has_no_mount ? NULL : &mount;
	return facts;
}

struct cf_outcome __wrap_cf_hand_run(const struct cf_order *order, cf_instant deadline)
{
	struct cf_identity original = cf_identity_read(REMOTE);
	struct cf_identity copy = cf_identity_read((int)order->call.argument[0]);

	seen.hands++;
	seen.copy = (int)order->call.argument[0];
	seen.is_copy_of_remote = cf_identity_is_same(&original, &copy);
	seen.is_cloexec = fcntl(seen.copy, F_GETFD) == FD_CLOEXEC;
	seen.order = *order;
	if (order->event) {
		seen.event = *order->event;
		strncpy(seen.name, order->event->name, sizeof(seen.name) - 1);
	}
	seen.left_ns = cf_clock_left(deadline);
	if (script.is_slow)
		order->when_slow();
	if (order->kind == CF_ERRAND_CALL && script.outcome.ending != CF_NO_HAND)
		close(seen.copy);
	return script.outcome;
}

void __wrap_cf_events_report(const struct cf_event *event)
{
	seen.reports++;
	seen.event = *event;
}

void __wrap_cf_undertaker_watch(const _Atomic int *slow)
{
	assert_int_equal(*slow, 1); /* for good */
	seen.watches++;
}

/* Without any nothing is looked at. */
static void learn_a_remote_mount(void)
{
	struct cf_identity file = { .mount = 4711, .mount_is_unique = true };
	struct cf_mount_line line = { .type = "fuse.s3fs", .point = "/mnt/s3" };

	assert_non_null(cf_mounts_add(&file, &line, true));
}

static int given_a_file_of_a_server(void **state)
{
	(void)state;
	cf_policy_defaults(&policy);
	cf_mapped_begin(&policy);
	cf_exit_guard_begin(&policy);
	strcpy(mount.type, "fuse.s3fs");
	strcpy(mount.point, "/mnt/s3");
	script.kind = CF_KIND_REMOTE;
	assert_int_equal(dup2(open("/dev/zero", O_RDONLY), REMOTE), REMOTE);
	learn_a_remote_mount();
	return cf_fork_begin() ? 0 : -1;
}

static void leave(void)
{
	errno = EDOM;
	cf_exit_guard_leave();
	assert_int_equal(errno, EDOM);
}

static void assert_left(int hands, int reports, int watches)
{
	int fds = unit_count_fds();

	leave();
	assert_int_equal(seen.hands, hands);
	assert_int_equal(seen.reports, reports);
	assert_int_equal(seen.watches, watches);
	assert_int_not_equal(fcntl(REMOTE, F_GETFD), -1); /* a thread may still use it */
	assert_int_equal(unit_count_fds(), fds);
}

static void a_hand_closes_a_copy_of_what_is_open_on_a_server(void **state)
{
	(void)state;
	assert_left(1, 0, 0);
	assert_int_equal(seen.order.call.number, SYS_close);
	assert_true(seen.is_copy_of_remote && seen.is_cloexec);
	assert_true(seen.copy >= HIGH_NUMBER);
	assert_ptr_equal(seen.order.mount, &mount);
	assert_int_equal(seen.order.deadline_ns, 300 * CF_MS);
	assert_true(seen.left_ns > 0 && seen.left_ns <= 300 * CF_MS);
	assert_int_equal(seen.order.identity.device_minor, 5); /* of /dev/zero */
}

static void the_event_is_about_the_number_of_the_program(void **state)
{
	(void)state;
	script.is_written = true;
	leave();
	assert_int_equal(seen.order.deadline_ns, 5000 * CF_MS);
	assert_string_equal(seen.event.call, "exit");
	assert_string_equal(seen.event.class, "write");
	assert_true(seen.event.is_written);
	assert_false(seen.event.is_minor || seen.event.is_address);
	assert_int_equal(seen.event.handle, REMOTE);
	assert_string_equal(seen.name, "/dev/zero");
	assert_string_equal(seen.event.mount, "/mnt/s3");
	assert_string_equal(seen.event.type, "fuse.s3fs");
	script.is_written = false;
	script.has_no_mount = true;
	leave();
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
	assert_left(1, 1, 0);
	assert_int_equal(seen.event.ending, CF_EVENT_FINISHED);
	assert_int_equal(seen.event.result, -EIO);
	assert_int_equal(seen.event.waited_ns, 7 * CF_MS);
}

static void what_expired_leaves_an_undertaker_behind(void **state)
{
	(void)state;
	script.outcome.ending = CF_EXPIRED;
	assert_left(1, 1, 1);
	assert_int_equal(seen.event.ending, CF_EVENT_EXPIRED);
	script.outcome.ending = CF_PARKED;
	assert_left(2, 2, 2);
	script.outcome.ending = CF_FINISHED;
	script.is_slow = true; /* then at once */
	assert_left(3, 2, 3);
}

static void without_a_hand_the_copy_is_closed_as_the_kernel_would(void **state)
{
	(void)state;
	script.outcome.ending = CF_NO_HAND;
	assert_left(1, 0, 0);
	assert_int_equal(fcntl(seen.copy, F_GETFD), -1);
}

static void without_a_free_number_it_is_left_to_the_kernel(void **state)
{
	(void)state;
	refusal_of_numbers();
	leave();
	refusal_ends();
	assert_int_equal(seen.hands + seen.watches, 0);
}

/* The close of a copy would take the locks of the process from the file. */
static void a_file_with_a_lock_is_left_to_the_kernel(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int file = open(unit_path("file"), O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(dup2(file, REMOTE), REMOTE);
	assert_int_equal(close(file), 0);
	assert_int_equal(fcntl(REMOTE, F_SETLK, &lock), 0);
	assert_left(0, 0, 0);
	lock.l_type = F_UNLCK;
	assert_int_equal(fcntl(REMOTE, F_SETLK, &lock), 0);
	assert_left(1, 0, 0);
}

static void on_a_sick_mount_nothing_is_flushed(void **state)
{
	(void)state;
	atomic_store(&mount.sick_ns, 300 * CF_MS);
	assert_left(0, 0, 1);
	script.is_written = true; /* whose deadline has not expired there */
	assert_left(1, 0, 1);
}

static void what_cannot_hang_or_has_no_deadline_is_left_to_the_kernel(void **state)
{
	static const enum cf_kind kinds[] = { CF_KIND_QUIET, CF_KIND_LOCAL,
					      CF_KIND_SOCKET, CF_KIND_TERMINAL,
					      CF_KIND_DEVICE };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		script.kind = kinds[i];
		assert_left(0, 0, 0);
	}
	script.kind = CF_KIND_REMOTE;
	policy.deadline_ns[CF_CLASS_FILE] = CF_NEVER;
	assert_left(0, 0, 0);
}

static void what_is_parked_leaves_an_undertaker_behind(void **state)
{
	struct cf_identity identity = cf_identity_read(REMOTE);

	(void)state;
	assert_true(cf_parked_fds_add(REMOTE, &identity, &mount));
	assert_left(0, 0, 1);
}

static void in_observe_mode_nothing_is_done(void **state)
{
	(void)state;
	policy.mode = CF_MODE_OBSERVE;
	assert_left(0, 0, 0);
}

static void leave_vfork_child(void *argument)
{
	(void)argument;
	cf_exit_guard_leave();
}

static void in_a_vfork_child_nothing_is_flushed(void **state)
{
	struct cf_identity identity = cf_identity_read(REMOTE);

	(void)state;
	unit_in_vfork_child(leave_vfork_child, NULL);
	assert_int_equal(seen.hands + seen.watches, 0);
	assert_true(cf_parked_fds_add(REMOTE, &identity, &mount));
	unit_in_vfork_child(leave_vfork_child, NULL);
	assert_int_equal(seen.hands, 0);
	assert_int_equal(seen.watches, 1);
}

static void map(uintptr_t start, enum cf_range_kind kind, uint64_t inode)
{
	cf_ranges_add(&(struct cf_range){ .start = start,
					  .end = start + 4096,
					  .kind = kind,
					  .fd = 42,
					  .file = { .inode = inode },
					  .mount = &mount });
}

static void mapped_files_are_written_back_and_devices_are_not(void **state)
{
	(void)state;
	script.kind = CF_KIND_LOCAL;
	map(0x10000, CF_RANGE_FILE, 1);
	map(0x20000, CF_RANGE_DEVICE, 2);
	map(0x30000, CF_RANGE_WATCHED, 3);
	assert_left(1, 0, 0);
	assert_int_equal(seen.order.kind, CF_ERRAND_WRITE_BACK);
	assert_int_equal(seen.order.pages.start, 0x10000);
	assert_int_equal(seen.order.pages.length, 4096);
	assert_int_equal(seen.order.pages.fd, 42);
}

static void pages_that_cannot_be_written_back_leave_an_undertaker_behind(void **state)
{
	(void)state;
	script.kind = CF_KIND_LOCAL;
	script.outcome.ending = CF_EXPIRED;
	map(0x10000, CF_RANGE_FILE, 1);
	map(0x20000, CF_RANGE_FILE, 2);
	assert_left(1, 1, 1); /* one that waits is as bad as two */
	assert_string_equal(seen.event.call, "exit");
	assert_string_equal(seen.event.class, "mmap");
	assert_ptr_equal(seen.event.address, (void *)0x10000);
}

static void map_twice(int fd)
{
	struct cf_range range = { .start = 0x10000,
				  .end = 0x11000,
				  .kind = CF_RANGE_FILE,
				  .fd = fd,
				  .file = cf_identity_read(REMOTE),
				  .mount = &mount };

	script.kind = CF_KIND_LOCAL;
	cf_ranges_add(&range);
	range.start = 0x20000;
	range.end = 0x21000;
	cf_ranges_add(&range);
}

static void all_mappings_of_a_file_are_written_back_by_its_fd_at_once(void **state)
{
	(void)state;
	map_twice(REMOTE);
	assert_left(1, 0, 0);
}

/* Then it is the pages of the one mapping. */
static void mappings_of_a_file_that_is_closed_are_written_back_each(void **state)
{
	(void)state;
	map_twice(REMOTE + 1);
	assert_left(2, 0, 0);
}

static void a_parked_range_leaves_an_undertaker_behind(void **state)
{
	(void)state;
	script.kind = CF_KIND_LOCAL;
	assert_non_null(cf_parked_ranges_add(&(struct cf_write_back){ 0 }, &mount));
	assert_left(0, 0, 1);
}

#define EXIT_TEST(function) cmocka_unit_test_setup(function, given_a_file_of_a_server)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXIT_TEST(a_hand_closes_a_copy_of_what_is_open_on_a_server),
		EXIT_TEST(the_event_is_about_the_number_of_the_program),
		EXIT_TEST(what_the_kernel_would_tell_nobody_is_reported_if_it_failed),
		EXIT_TEST(what_expired_leaves_an_undertaker_behind),
		EXIT_TEST(without_a_hand_the_copy_is_closed_as_the_kernel_would),
		EXIT_TEST(without_a_free_number_it_is_left_to_the_kernel),
		EXIT_TEST(a_file_with_a_lock_is_left_to_the_kernel),
		EXIT_TEST(on_a_sick_mount_nothing_is_flushed),
		EXIT_TEST(what_cannot_hang_or_has_no_deadline_is_left_to_the_kernel),
		EXIT_TEST(what_is_parked_leaves_an_undertaker_behind),
		EXIT_TEST(in_observe_mode_nothing_is_done),
		EXIT_TEST(in_a_vfork_child_nothing_is_flushed),
		EXIT_TEST(mapped_files_are_written_back_and_devices_are_not),
		EXIT_TEST(pages_that_cannot_be_written_back_leave_an_undertaker_behind),
		EXIT_TEST(all_mappings_of_a_file_are_written_back_by_its_fd_at_once),
		EXIT_TEST(mappings_of_a_file_that_is_closed_are_written_back_each),
		EXIT_TEST(a_parked_range_leaves_an_undertaker_behind),
	};

	return unit_run(tests);
}
