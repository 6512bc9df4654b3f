/* SPDX-License-Identifier: MIT */
/*
 * test_hand_parking.c - hand.h once more: what a sick mount with hands enough parks, and who
 * comes for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fork.h"
#include "gate.h"
#include "hand.h"
#include "parked_fds.h"
#include "parked_ranges.h"
#include "refusal.h"
#include "task.h"
#include "unit.h"

#define SECOND (1000 * CF_MS)
#define BYTES  4096

static struct cf_mount mount;
static int companies;

static void get_company(void)
{
	companies++;
}

/* A mount that is sick for whatever takes any time, and has all its hands elsewhere. */
static int given_a_crowded_mount(void **state)
{
	(void)state;
	atomic_store(&mount.sick_ns, SECOND);
	atomic_store(&mount.shared_ns, 1000 * SECOND); /* a tenth of it is granted */
	atomic_store(&mount.hands, CF_HAND_MOST_ON_MOUNT);
	return cf_fork_begin() ? 0 : -1;
}

static struct cf_order closing(int fd)
{
	return (struct cf_order){
		.call = { SYS_close, { fd } },
		.identity = cf_identity_read(fd),
		.mount = &mount,
		.deadline_ns = SECOND,
		.when_slow = get_company,
	};
}

static enum cf_ending run(const struct cf_order *order)
{
	errno = EDOM;
	struct cf_outcome outcome =
		cf_hand_run(order, cf_clock_after(order->deadline_ns));
	assert_int_equal(errno, EDOM);
	return outcome.ending;
}

static int open_null(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static bool is_nothing_parked(void *argument)
{
	(void)argument;
	return !cf_parked_fds_any() && !cf_parked_ranges_any();
}

static char *map_page(void)
{
	char *at = mmap(NULL, BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	return at;
}

static bool is_mapped(const void *at)
{
	unsigned char is_in_core;

	return mincore((void *)at, 1, &is_in_core) == 0;
}

static struct cf_order unmapping(const char *at)
{
	struct cf_write_back pages = { (uintptr_t)at, BYTES, -1, { 0 } };

	return (struct cf_order){
		.kind = CF_ERRAND_UNMAP,
		.range = cf_parked_ranges_add(&pages, &mount),
		.mount = &mount,
		.deadline_ns = SECOND,
		.when_slow = get_company,
	};
}

static void a_number_is_parked_open_and_survives_an_exec(void **state)
{
	int fd = open_null();
	struct cf_order order = closing(fd);

	(void)state;
	assert_int_equal(run(&order), CF_PARKED);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	const struct cf_parked_fd *record = cf_parked_fds_find(fd);
	assert_non_null(record);
	assert_ptr_equal(record->mount, &mount);
	assert_true(cf_identity_is_same(&record->identity, &order.identity));
	assert_int_equal(mount.hands, CF_HAND_MOST_ON_MOUNT);
	assert_int_equal(companies, 0);
}

static void a_range_is_parked_and_stays_mapped(void **state)
{
	char *at = map_page();
	struct cf_order order = unmapping(at);

	(void)state;
	assert_int_equal(run(&order), CF_PARKED);
	assert_true(is_mapped(at));
	assert_ptr_equal(cf_parked_ranges_take_any(&mount), order.range);
	assert_false(cf_parked_fds_any());
}

static void pages_to_write_back_are_not_parked(void **state)
{
	struct cf_order order = { .kind = CF_ERRAND_WRITE_BACK,
				  .call = { SYS_close, { open_null() } },
				  .pages = { (uintptr_t)map_page(), BYTES, -1, { 0 } },
				  .mount = &mount,
				  .deadline_ns = SECOND };

	(void)state;
	assert_int_equal(run(&order), CF_PARKED);
	assert_true(is_nothing_parked(NULL));
}

/* What it closes is to be free at once. */
static void a_dup3_is_never_parked(void **state)
{
	int from = open("/dev/zero", O_RDONLY), to = open_null();
	struct cf_order order = closing(to);
	struct cf_identity zero = cf_identity_read(from);

	(void)state;
	order.call = (struct cf_call){ SYS_dup3, { from, to, 0 } };
	assert_int_equal(run(&order), CF_FINISHED);
	struct cf_identity now = cf_identity_read(to);
	assert_true(cf_identity_is_same(&now, &zero));
	assert_false(cf_parked_fds_any());
}

static void *close_in_a_table_of_its_own(void *ending)
{
	int fd = open_null();
	struct cf_order order = closing(fd);

	if (unshare(CLONE_FILES) == 0)
		*(enum cf_ending *)ending = run(&order);
	return (void *)(intptr_t)is_open(fd);
}

static void in_a_table_of_a_threads_own_nothing_is_parked(void **state)
{
	enum cf_ending ending = CF_NO_HAND;
	pthread_t thread;
	void *is_still_open;

	(void)state;
	pthread_create(&thread, NULL, close_in_a_table_of_its_own, &ending);
	pthread_join(thread, &is_still_open);
	assert_int_equal(ending, CF_FINISHED);
	assert_null(is_still_open);
	assert_false(cf_parked_fds_any());
	assert_int_equal(mount.hands, CF_HAND_MOST_ON_MOUNT); /* the one more is back */
}

static void close_in_vfork_child(void *argument)
{
	struct cf_order *order = argument;

	order->is_ended =
		cf_hand_run(order, cf_clock_after(SECOND)).ending == CF_FINISHED;
}

static void in_a_vfork_child_nothing_is_parked(void **state)
{
	int fd = open_null();
	struct cf_order order = closing(fd);

	(void)state;
	unit_in_vfork_child(close_in_vfork_child, &order);
	assert_true(order.is_ended); /* our word for that it finished */
	assert_false(cf_parked_fds_any());
	assert_true(is_open(fd)); /* in the parent's table */
	assert_int_equal(mount.hands, CF_HAND_MOST_ON_MOUNT);
}

static void a_number_that_cannot_be_parked_gets_a_hand_more(void **state)
{
	int fd = open_null();
	struct cf_order order = closing(fd);

	(void)state;
	assert_true(
		cf_parked_fds_add(fd, &order.identity, &mount)); /* by somebody else */
	assert_true(cf_parked_fds_take(fd, 0));
	assert_int_equal(run(&order), CF_FINISHED);
	assert_false(is_open(fd));
	assert_int_equal(mount.hands, CF_HAND_MOST_ON_MOUNT);
}

/* The others may all be back before anything is parked. */
static void whoever_parks_where_a_place_is_free_sends_for_it(void **state)
{
	int fd = open_null(), another = open_null();
	struct cf_order order = closing(fd), quick = closing(another);

	(void)state;
	assert_int_equal(run(&order), CF_PARKED);
	atomic_store(&mount.hands, 0);
	assert_int_equal(run(&quick), CF_FINISHED);
	assert_true(unit_await(is_nothing_parked, NULL, 5000));
	assert_false(is_open(fd) || is_open(another));
	assert_int_equal(companies, 1);
}

static bool is_all_counted_back(void *argument)
{
	(void)argument;
	return mount.hands == 0 && *cf_hand_slow() == 0;
}

static void whoever_is_sent_is_counted_and_counted_back(void **state)
{
	char *at = map_page();
	int another = open_null();
	struct cf_order order = unmapping(at), quick = closing(another);

	(void)state;
	assert_int_equal(run(&order), CF_PARKED);
	atomic_store(&mount.hands, 0);
	assert_int_equal(run(&quick), CF_FINISHED);
	assert_true(unit_await(is_all_counted_back, NULL, 5000));
	assert_false(is_mapped(at) || cf_parked_ranges_any());
	assert_int_equal(mount.sick_ns, 0);
}

static void nobody_is_sent_where_no_place_is_free(void **state)
{
	struct gate gate = gate_shut();
	int fd = open_null();
	struct cf_order order = closing(fd), dup = order;

	(void)state;
	assert_int_equal(run(&order), CF_PARKED);
	dup.call = (struct cf_call){ SYS_dup3, { gate.fd, gate.opener, 0 } };
	assert_int_equal(run(&dup), CF_FINISHED);
	unit_pass(50);
	assert_true(is_open(fd));
	assert_int_equal(companies, 0);
	assert_int_equal(mount.hands, CF_HAND_MOST_ON_MOUNT);
}

static void without_a_task_nothing_is_counted_and_the_range_is_the_callers(void **state)
{
	char *at = map_page();
	struct cf_order order = unmapping(at);
	int fd = open_null();
	struct cf_order close = closing(fd);

	(void)state;
	assert_int_equal(run(&close), CF_PARKED);
	atomic_store(&mount.hands, CF_HAND_MOST_ON_MOUNT - 1);
	refusal_of_call(SYS_clone, EPERM);
	assert_int_equal(run(&order), CF_NO_HAND);
	assert_false(cf_parked_ranges_any());
	assert_true(is_mapped(at));
	assert_int_equal(mount.hands, CF_HAND_MOST_ON_MOUNT - 1);
	assert_int_equal(*cf_hand_slow(), 0);
}

#define HAND_TEST(function) cmocka_unit_test_setup(function, given_a_crowded_mount)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HAND_TEST(a_number_is_parked_open_and_survives_an_exec),
		HAND_TEST(a_range_is_parked_and_stays_mapped),
		HAND_TEST(pages_to_write_back_are_not_parked),
		HAND_TEST(a_dup3_is_never_parked),
		HAND_TEST(in_a_table_of_a_threads_own_nothing_is_parked),
		HAND_TEST(in_a_vfork_child_nothing_is_parked),
		HAND_TEST(a_number_that_cannot_be_parked_gets_a_hand_more),
		HAND_TEST(whoever_parks_where_a_place_is_free_sends_for_it),
		HAND_TEST(whoever_is_sent_is_counted_and_counted_back),
		HAND_TEST(nobody_is_sent_where_no_place_is_free),
		HAND_TEST(without_a_task_nothing_is_counted_and_the_range_is_the_callers),
	};

	return unit_run(tests);
}
