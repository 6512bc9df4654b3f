/* SPDX-License-Identifier: MIT */
/*
 * test_parked_ranges.c - the list of ranges that wait to be written back. The write-back is
 * ours here; test_write_back.c has the real one.
 */
#include "parked_ranges.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "refusal.h"
#include "unit.h"

#define MANY	 1024
#define MOST	 65536
#define PAGE	 ((size_t)4096)
#define THREADS	 3
#define TRIES	 200000
#define STEPS	 20000
#define UNMAPPED 4 /* as parked_ranges.c counts its states */

long __wrap_cf_write_back(const struct cf_write_back *job);

static const char mounts[2]; /* two addresses */
static _Atomic int write_backs;
static long write_back_result;
static void (*during_write_back)(const struct cf_write_back *job);

long __wrap_cf_write_back(const struct cf_write_back *job)
{
	atomic_fetch_add(&write_backs, 1);
	if (during_write_back)
		during_write_back(job);
	return write_back_result;
}

static struct cf_parked_range *add(uintptr_t start, size_t length, const void *mount)
{
	struct cf_write_back job = { .start = start, .length = length, .fd = -1 };

	return cf_parked_ranges_add(&job, mount);
}

static struct cf_parked_range *park(uintptr_t start, size_t length, const void *mount)
{
	struct cf_parked_range *range = add(start, length, mount);

	assert_non_null(range);
	cf_parked_ranges_give_back(range);
	return range;
}

static long unmap(struct cf_parked_range *range)
{
	long written = 42;
	long result = cf_parked_ranges_unmap(range, &written);

	return written == write_back_result ? result : 4711;
}

static char *map(size_t pages)
{
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	return at;
}

static bool is_mapped(const void *at)
{
	unsigned char is_in_core;

	return mincore((void *)at, 1, &is_in_core) == 0;
}

static void a_range_is_found_from_its_record_to_its_drop(void **state)
{
	struct cf_parked_piece piece = { .start = 42 };

	(void)state;
	errno = EDOM;
	assert_false(cf_parked_ranges_any());
	assert_false(cf_parked_ranges_find(0, UINTPTR_MAX, &piece));
	assert_int_equal(piece.start, 42);
	struct cf_parked_range *range = add(1000, 100, &mounts[0]);
	assert_true(cf_parked_ranges_any());
	assert_int_equal(range->job.start, 1000);
	assert_int_equal(range->job.fd, -1);
	assert_ptr_equal(range->mount, &mounts[0]);
	assert_true(cf_parked_ranges_find(0, 2000, &piece)); /* taken by the caller */
	assert_int_equal(piece.start, 1000);
	assert_int_equal(piece.end, 1100);
	assert_false(piece.is_going);
	assert_false(cf_parked_ranges_find(0, 1000, &piece));
	assert_false(cf_parked_ranges_find(1100, 2000, &piece));
	assert_true(cf_parked_ranges_find(1099, 1100, &piece));
	assert_true(cf_parked_ranges_find(999, 1001, &piece));
	cf_parked_ranges_drop(range);
	assert_false(cf_parked_ranges_any());
	assert_false(cf_parked_ranges_find(0, 2000, &piece));
	assert_int_equal(errno, EDOM);
}

static void the_lowest_of_those_that_touch_is_found(void **state)
{
	struct cf_parked_piece piece;

	(void)state;
	park(5000, 10, &mounts[0]);
	park(3000, 10, &mounts[0]);
	park(4000, 10, &mounts[0]);
	assert_true(cf_parked_ranges_find(0, UINTPTR_MAX, &piece));
	assert_int_equal(piece.start, 3000);
	assert_true(cf_parked_ranges_find(3010, UINTPTR_MAX, &piece));
	assert_int_equal(piece.start, 4000);
	assert_true(cf_parked_ranges_find(4009, 4010, &piece));
	assert_int_equal(piece.end, 4010);
	assert_false(cf_parked_ranges_find(4010, 5000, &piece));
}

static void no_more_than_65536_can_be_parked(void **state)
{
	(void)state;
	struct cf_parked_range *first = park(0, 10, &mounts[0]);
	for (uintptr_t i = 1; i < MOST; i++)
		park(i * 10, 10, &mounts[0]);
	assert_null(add(MOST * 10, 10, &mounts[0]));
	assert_ptr_equal(cf_parked_ranges_take_any(&mounts[0]), first);
	assert_null(add(MOST * 10, 10, &mounts[0]));
	cf_parked_ranges_drop(first);
	assert_non_null(add(MOST * 10, 10, &mounts[0]));
	assert_null(add(MOST * 10, 10, &mounts[0]));
}

static void without_memory_256_can_be_parked_and_later_more(void **state)
{
	(void)state;
	refusal_of_memory();
	for (uintptr_t i = 0; i < 256; i++)
		add(i * 10, 10, &mounts[0]);
	struct cf_parked_range *range = add(9000, 10, &mounts[0]);
	refusal_ends();
	assert_null(range);
	assert_true(cf_parked_ranges_any());
	park(9000, 10, &mounts[0]);
}

static void any_that_waits_is_taken_of_this_mount_alone_and_once(void **state)
{
	(void)state;
	assert_null(cf_parked_ranges_take_any(&mounts[0]));
	struct cf_parked_range *taken = add(1000, 10, &mounts[0]);
	assert_null(cf_parked_ranges_take_any(&mounts[0]));
	struct cf_parked_range *other = park(2000, 10, &mounts[1]);
	assert_null(cf_parked_ranges_take_any(&mounts[0]));
	cf_parked_ranges_give_back(taken);
	assert_ptr_equal(cf_parked_ranges_take_any(&mounts[0]), taken);
	assert_null(cf_parked_ranges_take_any(&mounts[0]));
	assert_ptr_equal(cf_parked_ranges_take_any(&mounts[1]), other);
}

static void be_there_and_found(const struct cf_write_back *job)
{
	struct cf_parked_piece piece;

	assert_true(is_mapped((void *)job->start));
	assert_true(cf_parked_ranges_find(job->start, job->start + 1, &piece));
	assert_false(piece.is_going);
}

static void a_range_is_written_back_before_it_is_unmapped(void **state)
{
	char *pages = map(3);

	(void)state;
	during_write_back = be_there_and_found;
	struct cf_parked_range *range = add((uintptr_t)pages + PAGE, PAGE, &mounts[0]);
	errno = EDOM;
	assert_int_equal(unmap(range), 0);
	assert_int_equal(errno, EDOM);
	assert_int_equal(write_backs, 1);
	assert_true(is_mapped(pages) && is_mapped(pages + 2 * PAGE));
	assert_false(is_mapped(pages + PAGE));
	assert_false(cf_parked_ranges_any());
	write_back_result = -EIO; /* is told, and keeps nothing mapped */
	range = add((uintptr_t)pages, PAGE, &mounts[0]);
	assert_int_equal(unmap(range), 0);
	assert_false(is_mapped(pages));
	range = add(1, PAGE, &mounts[0]); /* what munmap refuses is parked no more */
	during_write_back = NULL;
	assert_int_equal(unmap(range), -EINVAL);
	assert_false(cf_parked_ranges_any());
}

/* As if the hand had been ended inside munmap. */
static void a_range_that_is_being_unmapped_is_told_so_and_not_given_back(void **state)
{
	struct cf_parked_range *range = add(1000, 10, &mounts[0]);
	struct cf_parked_piece piece;

	(void)state;
	atomic_store(&range->state, UNMAPPED);
	assert_true(cf_parked_ranges_find(0, 2000, &piece));
	assert_true(piece.is_going);
	assert_null(cf_parked_ranges_take_any(&mounts[0]));
	cf_parked_ranges_give_back(range);
	assert_null(cf_parked_ranges_take_any(&mounts[0]));
	assert_false(cf_parked_ranges_any());
}

static unsigned random_number(unsigned below)
{
	static unsigned seed = 4711;

	seed = seed * 1103515245U + 12345U;
	return (seed >> 8) % below;
}

static struct cf_parked_range *model[100]; /* at place * 100, 50 long */

static void change_one(void)
{
	unsigned place = random_number(100);

	if (!model[place]) {
		model[place] = add(place * 100, 50, &mounts[0]);
		assert_non_null(model[place]);
		return;
	}
	cf_parked_ranges_drop(model[place]);
	model[place] = NULL;
}

static void whatever_comes_and_goes_the_lowest_is_found(void **state)
{
	struct cf_parked_piece piece;

	(void)state;
	for (int step = 0; step < STEPS; step++) {
		unsigned from = random_number(100), end = from + random_number(100);
		unsigned lowest = from;

		change_one();
		while (lowest < 100 && lowest <= end && !model[lowest])
			lowest++;
		bool is_any = lowest < 100 && lowest <= end;
		assert_int_equal(
			cf_parked_ranges_find(from * 100 + 49, end * 100 + 1, &piece),
			is_any);
		if (is_any)
			assert_int_equal(piece.start, lowest * 100);
	}
}

static _Atomic int added;

static void *unmap_many(void *argument)
{
	struct cf_parked_range *range;
	bool is_last;

	(void)argument;
	do {
		is_last = atomic_load(&added) == MANY;
		range = cf_parked_ranges_take_any(&mounts[0]);
		if (range && unmap(range) != 0)
			return range;
	} while (range || !is_last);
	return NULL;
}

/* By a name: what else is mapped may land where they were. */
static char *map_by_name(size_t pages)
{
	int fd = memfd_create("to_be_unmapped", 0);
	char *at = mmap(NULL, pages * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	close(fd);
	assert_true(at != MAP_FAILED);
	return at;
}

static bool is_named_mapped(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	bool is_there = false;

	while (fgets(line, sizeof(line), maps))
		is_there |= strstr(line, "to_be_unmapped") != NULL;
	fclose(maps);
	return is_there;
}

static void of_several_takers_one_unmaps_a_range(void **state)
{
	char *pages = map_by_name(MANY);
	pthread_t threads[THREADS];
	void *wrong;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, unmap_many, NULL);
	assert_true(is_named_mapped());
	for (size_t i = 0; i < MANY; i++) {
		park((uintptr_t)pages + i * PAGE, PAGE, &mounts[0]);
		atomic_fetch_add(&added, 1);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	assert_int_equal(write_backs, MANY);
	assert_false(cf_parked_ranges_any());
	assert_false(is_named_mapped());
}

static _Atomic int inside; /* how many are at the range */

/* Returns what is wrong, or NULL. */
static void *take_and_give_back(void *argument)
{
	void *wrong = NULL;

	for (int i = 0; i < TRIES; i++) {
		struct cf_parked_range *range = cf_parked_ranges_take_any(&mounts[0]);

		if (!range)
			continue;
		if (atomic_fetch_add(&inside, 1) != 0)
			wrong = argument;
		atomic_fetch_sub(&inside, 1);
		cf_parked_ranges_give_back(range);
	}
	return wrong;
}

static void two_are_never_at_one_range(void **state)
{
	pthread_t threads[THREADS];
	void *wrong;

	park(1000, 10, &mounts[0]);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, take_and_give_back, state);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

static void have_none(void **state)
{
	struct cf_parked_piece piece;

	(void)state;
	cf_parked_ranges_after_fork();
	assert_false(cf_parked_ranges_any());
	assert_false(cf_parked_ranges_find(0, UINTPTR_MAX, &piece));
	for (uintptr_t i = 0; i < MANY; i++)
		assert_non_null(park(i * 10, 10, &mounts[0]));
}

static void law_9_a_forked_child_has_inherited_none(void **state)
{
	(void)state;
	park(1000, 10, &mounts[0]);
	add(2000, 10, &mounts[0]);
	unit_in_child(have_none, NULL);
	assert_non_null(cf_parked_ranges_take_any(&mounts[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_found_from_its_record_to_its_drop),
		cmocka_unit_test(the_lowest_of_those_that_touch_is_found),
		cmocka_unit_test(no_more_than_65536_can_be_parked),
		cmocka_unit_test(without_memory_256_can_be_parked_and_later_more),
		cmocka_unit_test(any_that_waits_is_taken_of_this_mount_alone_and_once),
		cmocka_unit_test(a_range_is_written_back_before_it_is_unmapped),
		cmocka_unit_test(
			a_range_that_is_being_unmapped_is_told_so_and_not_given_back),
		cmocka_unit_test(whatever_comes_and_goes_the_lowest_is_found),
		cmocka_unit_test(of_several_takers_one_unmaps_a_range),
		cmocka_unit_test(two_are_never_at_one_range),
		cmocka_unit_test(law_9_a_forked_child_has_inherited_none),
	};

	return unit_run(tests);
}
