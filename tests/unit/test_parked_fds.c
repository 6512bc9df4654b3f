/* SPDX-License-Identifier: MIT */
/*
 * test_parked_fds.c - the list of numbers that wait for a hand.
 */
#include "parked_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keep.h"
#include "refusal.h"
#include "unit.h"

#define FAR	(CF_PARKED_FDS_MOST - 1)
#define NUMBERS 3000
#define STEPS	20000
#define THREADS 3
#define TRIES	200000

static const struct cf_identity nothing;
static const char mounts[2]; /* two addresses */

static bool add(int fd)
{
	return cf_parked_fds_add(fd, &nothing, &mounts[0]);
}

static int state_of(int fd)
{
	const struct cf_parked_fd *record = cf_parked_fds_find(fd);

	return record ? atomic_load(&record->state) : CF_PARKED_NOT;
}

static void a_number_is_parked_until_the_one_who_took_it_is_done(void **state)
{
	struct cf_identity identity = { .inode = 42 };

	(void)state;
	errno = EDOM;
	assert_false(cf_parked_fds_any());
	assert_null(cf_parked_fds_find(7));
	assert_false(cf_parked_fds_take(7, 1));
	assert_true(cf_parked_fds_add(7, &identity, &mounts[1]));
	assert_true(cf_parked_fds_any());
	const struct cf_parked_fd *record = cf_parked_fds_find(7);
	assert_int_equal(record->state, CF_PARKED_WAITS);
	assert_int_equal(record->identity.inode, 42);
	assert_ptr_equal(record->mount, &mounts[1]);
	assert_true(cf_parked_fds_take(7, 4711));
	assert_false(cf_parked_fds_take(7, 4712));
	assert_int_equal(record->state, CF_PARKED_CLOSING);
	assert_int_equal(record->taker, 4711);
	assert_ptr_equal(cf_parked_fds_find(7), record);
	cf_parked_fds_done(7);
	assert_null(cf_parked_fds_find(7));
	assert_int_equal(record->state, CF_PARKED_NOT); /* it stays readable */
	assert_false(cf_parked_fds_any());
	assert_int_equal(errno, EDOM);
}

static void a_number_is_parked_once(void **state)
{
	(void)state;
	assert_true(add(7));
	assert_false(add(7));
	assert_true(cf_parked_fds_take(7, 1));
	assert_false(add(7));
	cf_parked_fds_done(7);
	assert_true(add(7));
	assert_true(cf_parked_fds_take(7, 1));
	cf_parked_fds_done(7);
	assert_false(cf_parked_fds_any());
}

static void numbers_from_2_to_the_20_on_cannot_be_parked(void **state)
{
	(void)state;
	assert_false(add(-1) || add(1 << 20) || add(INT32_MAX) || add(INT32_MIN));
	assert_false(cf_parked_fds_any());
	assert_null(cf_parked_fds_find(-1));
	assert_null(cf_parked_fds_find(1 << 20));
	assert_false(cf_parked_fds_take(1 << 20, 1) || cf_parked_fds_take(-1, 1));
	assert_true(add(FAR) && add(0));
	assert_null(cf_parked_fds_find(1 << 20));
	assert_int_equal(state_of(FAR), CF_PARKED_WAITS);
	assert_int_equal(cf_parked_fds_next(0), 0);
	assert_int_equal(cf_parked_fds_next(1), FAR);
	assert_int_equal(cf_parked_fds_next(FAR + 1), CF_PARKED_FDS_MOST);
}

static void without_memory_nothing_is_parked(void **state)
{
	(void)state;
	assert_true(add(7));
	refusal_of_memory();
	bool is_refused = !add(5000), is_there_room = add(8);
	refusal_ends();
	assert_true(is_refused);
	assert_true(is_there_room); /* beside 7 */
	assert_true(add(5000));
}

static void any_is_taken_of_this_mount_alone_and_each_once(void **state)
{
	(void)state;
	assert_int_equal(cf_parked_fds_take_any(&mounts[0], 1), -1);
	assert_true(cf_parked_fds_add(3, &nothing, &mounts[0]));
	assert_true(cf_parked_fds_add(4, &nothing, &mounts[1]));
	assert_true(cf_parked_fds_add(2000, &nothing, &mounts[0]));
	assert_true(cf_parked_fds_add(9000, &nothing, &mounts[1]));
	int first = cf_parked_fds_take_any(&mounts[0], 4711);
	int second = cf_parked_fds_take_any(&mounts[0], 4711);
	assert_int_equal(first + second, 2003);
	assert_int_equal(cf_parked_fds_find(first)->taker, 4711);
	assert_int_equal(cf_parked_fds_take_any(&mounts[0], 1), -1);
	cf_parked_fds_give_back(3);
	assert_int_equal(state_of(3), CF_PARKED_WAITS);
	assert_int_equal(cf_parked_fds_take_any(&mounts[0], 1), 3);
	assert_int_equal(cf_parked_fds_take_any(&mounts[1], 1), 4);
	assert_int_equal(cf_parked_fds_take_any(&mounts[1], 1), 9000);
	cf_parked_fds_give_back(4);
	assert_int_equal(cf_parked_fds_take_any(&mounts[1], 1), 4); /* from below again */
	assert_int_equal(cf_parked_fds_take_any(&mounts[1], 1), -1);
}

static void the_present_page_of_records_is_kept(void **state)
{
	uintptr_t start, end;

	(void)state;
	assert_true(add(7));
	uintptr_t record = (uintptr_t)cf_parked_fds_find(7);
	assert_true(cf_keep_after(record, &start, &end));
	assert_true(start <= record && end >= record + sizeof(struct cf_parked_fd));
}

static unsigned random_number(unsigned below)
{
	static unsigned seed = 4711;

	seed = seed * 1103515245U + 12345U;
	return (seed >> 8) % below;
}

/* A few places in the first pages, and a few far away. */
static int random_fd(void)
{
	return (int)random_number(8) + (random_number(2) ? 1020 : 1048560);
}

static int model[CF_PARKED_FDS_MOST]; /* the state of each number */

static void change_one(void)
{
	int fd = random_fd(), before = model[fd];

	switch (random_number(3)) {
	case 0:
		assert_int_equal(add(fd), before == CF_PARKED_NOT);
		model[fd] = before == CF_PARKED_NOT ? CF_PARKED_WAITS : before;
		break;
	case 1:
		assert_int_equal(cf_parked_fds_take(fd, 1), before == CF_PARKED_WAITS);
		model[fd] = before == CF_PARKED_WAITS ? CF_PARKED_CLOSING : before;
		break;
	default:
		if (before != CF_PARKED_CLOSING)
			break;
		model[fd] = random_number(2) ? CF_PARKED_NOT : CF_PARKED_WAITS;
		if (model[fd] == CF_PARKED_NOT)
			cf_parked_fds_done(fd);
		else
			cf_parked_fds_give_back(fd);
	}
	assert_int_equal(state_of(fd), model[fd]);
}

static void whatever_is_done_the_list_is_as_the_model(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++) {
		int from = random_fd(), next = from;

		change_one();
		if (step % 20)
			continue;
		while (next < CF_PARKED_FDS_MOST && model[next] == CF_PARKED_NOT)
			next++;
		assert_int_equal(cf_parked_fds_next(from), next);
	}
}

static _Atomic int times[NUMBERS]; /* that each was taken */
static _Atomic int added;

/* Returns what is wrong, or NULL. */
static void *take_many(void *argument)
{
	int fd, self = *(int *)argument;
	bool is_last;

	do {
		is_last = atomic_load(&added) == NUMBERS;
		fd = cf_parked_fds_take_any(&mounts[0], self);
		if (fd == -1)
			continue;
		if (atomic_load(&cf_parked_fds_find(fd)->taker) != self)
			return argument;
		atomic_fetch_add(&times[fd], 1);
		cf_parked_fds_done(fd);
	} while (fd != -1 || !is_last);
	return NULL;
}

static void of_several_takers_one_gets_a_number(void **state)
{
	int numbers[THREADS] = { 1, 2, 3 };
	pthread_t threads[THREADS];
	void *wrong;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, take_many, &numbers[i]);
	for (int fd = 0; fd < NUMBERS; fd++) {
		assert_true(add(fd));
		atomic_fetch_add(&added, 1);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	for (int fd = 0; fd < NUMBERS; fd++)
		assert_int_equal(times[fd], 1);
	assert_false(cf_parked_fds_any());
}

static _Atomic int inside[2]; /* how many are at each number */

/* Returns what is wrong, or NULL. */
static void *take_and_give_back(void *argument)
{
	void *wrong = NULL;

	for (int i = 0; i < TRIES; i++) {
		int fd = i % 4 ? i % 2 : cf_parked_fds_take_any(&mounts[0], 1);

		if (fd == -1 || (i % 4 && !cf_parked_fds_take(fd, 1)))
			continue;
		if (atomic_fetch_add(&inside[fd], 1) != 0)
			wrong = argument;
		atomic_fetch_sub(&inside[fd], 1);
		cf_parked_fds_give_back(fd);
	}
	return wrong;
}

static void two_are_never_at_one_number(void **state)
{
	pthread_t threads[THREADS];
	void *wrong;

	assert_true(add(0) && add(1));
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, take_and_give_back, state);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

static _Atomic int wins;

static void *add_and_count(void *argument)
{
	(void)argument;
	for (int fd = 0; fd < NUMBERS; fd++)
		wins += add(fd);
	return NULL;
}

static void of_several_that_park_a_number_one_does(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, add_and_count, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wins, NUMBERS);
	for (int fd = 0; fd < NUMBERS; fd++)
		assert_int_equal(state_of(fd), CF_PARKED_WAITS);
}

static void have_what_is_still_the_same(void **state)
{
	int *fds = *state;

	close(fds[2]);
	dup2(0, fds[3]);
	errno = EDOM;
	cf_parked_fds_after_fork();
	assert_int_equal(errno, EDOM);
	assert_int_equal(state_of(fds[0]), CF_PARKED_WAITS);
	assert_int_equal(state_of(fds[1]), CF_PARKED_WAITS); /* nobody is at it here */
	assert_int_equal(state_of(fds[2]), CF_PARKED_NOT);
	assert_int_equal(state_of(fds[3]), CF_PARKED_NOT);
	for (int i = 0; i < 2; i++) {
		assert_true(cf_parked_fds_take(fds[i], 1));
		cf_parked_fds_done(fds[i]);
	}
	assert_false(cf_parked_fds_any());
}

static void law_9_a_forked_child_has_copies_of_all_and_nobody_at_work(void **state)
{
	int fds[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		fds[i] = memfd_create("a file", 0);
		struct cf_identity identity = cf_identity_read(fds[i]);
		assert_true(cf_parked_fds_add(fds[i], &identity, &mounts[0]));
	}
	assert_true(cf_parked_fds_take(fds[1], 4711));
	unit_in_child(have_what_is_still_the_same, fds);
	assert_int_equal(state_of(fds[1]), CF_PARKED_CLOSING);
	assert_int_equal(state_of(fds[2]), CF_PARKED_WAITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_parked_until_the_one_who_took_it_is_done),
		cmocka_unit_test(a_number_is_parked_once),
		cmocka_unit_test(numbers_from_2_to_the_20_on_cannot_be_parked),
		cmocka_unit_test(without_memory_nothing_is_parked),
		cmocka_unit_test(any_is_taken_of_this_mount_alone_and_each_once),
		cmocka_unit_test(the_present_page_of_records_is_kept),
		cmocka_unit_test(whatever_is_done_the_list_is_as_the_model),
		cmocka_unit_test(of_several_takers_one_gets_a_number),
		cmocka_unit_test(two_are_never_at_one_number),
		cmocka_unit_test(of_several_that_park_a_number_one_does),
		cmocka_unit_test(
			law_9_a_forked_child_has_copies_of_all_and_nobody_at_work),
	};

	return unit_run(tests);
}
