/* SPDX-License-Identifier: MIT */
/*
 * test_ranges.c - the live table of mappings. Its memory is ours to refuse, and a fork can
 * come while it is changed.
 */
#include "ranges.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock.h"
#include "pool.h"
#include "unit.h"

#define PAGE   ((uintptr_t)4096)
#define PIECES 1000

void *__real_cf_pool_get(struct cf_pool *pool, size_t size);
void *__wrap_cf_pool_get(struct cf_pool *pool, size_t size);
void __real_cf_lock_release(struct cf_lock *lock);
void __wrap_cf_lock_release(struct cf_lock *lock);

static bool is_memory_refused;
static void (*before_release)(void);

void *__wrap_cf_pool_get(struct cf_pool *pool, size_t size)
{
	return is_memory_refused ? NULL : __real_cf_pool_get(pool, size);
}

void __wrap_cf_lock_release(struct cf_lock *lock)
{
	if (before_release)
		before_release();
	__real_cf_lock_release(lock);
}

static void add(uintptr_t from_page, uintptr_t end_page, int fd)
{
	struct cf_range range = { .start = from_page * PAGE,
				  .end = end_page * PAGE,
				  .kind = fd < 0 ? CF_RANGE_WATCHED : CF_RANGE_FILE,
				  .fd = fd };

	range.file.inode = (uint64_t)fd;
	snprintf(range.name, sizeof(range.name), "/mnt/%d", fd);
	cf_ranges_add(&range);
}

static void assert_is(const struct cf_range *piece, uintptr_t from_page,
		      uintptr_t end_page, int fd)
{
	char name[32];

	snprintf(name, sizeof(name), "/mnt/%d", fd);
	assert_int_equal(piece->start, from_page * PAGE);
	assert_int_equal(piece->end, end_page * PAGE);
	assert_int_equal(piece->fd, fd);
	assert_int_equal(piece->file.inode, fd);
	assert_string_equal(piece->name, name);
}

static void assert_found(uintptr_t at_page, uintptr_t end_page, int fd)
{
	struct cf_range piece;

	assert_true(cf_ranges_find(at_page * PAGE, 1000 * PAGE, &piece));
	assert_is(&piece, at_page, end_page, fd);
}

static bool take(uintptr_t from_page, uintptr_t end_page, struct cf_range *piece)
{
	return cf_ranges_take(from_page * PAGE, end_page * PAGE, piece);
}

static void what_was_added_is_found_and_taken_once(void **state)
{
	struct cf_range piece = { .fd = 42 };

	(void)state;
	errno = EDOM;
	assert_false(cf_ranges_any());
	assert_false(take(0, 100, &piece));
	assert_int_equal(piece.fd, 42);
	add(10, 20, 7);
	add(30, 40, 8);
	assert_true(cf_ranges_any());
	assert_false(take(0, 10, &piece) || take(20, 30, &piece) || take(40, 99, &piece));
	assert_false(take(15, 15, &piece) || take(16, 15, &piece));
	assert_found(10, 20, 7);
	assert_true(take(0, 100, &piece));
	assert_is(&piece, 10, 20, 7);
	assert_true(take(0, 100, &piece));
	assert_is(&piece, 30, 40, 8);
	assert_false(take(0, 100, &piece) || cf_ranges_any());
	assert_int_equal(errno, EDOM);
}

static void what_is_taken_is_cut_and_the_rest_stays(void **state)
{
	struct cf_range piece;

	(void)state;
	add(10, 20, 7);
	assert_true(take(13, 15, &piece));
	assert_is(&piece, 13, 15, 7);
	assert_found(10, 13, 7);
	assert_found(15, 20, 7);
	assert_true(take(5, 11, &piece));
	assert_is(&piece, 10, 11, 7);
	assert_true(take(19, 25, &piece));
	assert_is(&piece, 19, 20, 7);
	assert_int_equal(cf_ranges_spans()->count, 2);
	assert_int_equal(cf_ranges_spans()->at[0].start, 11 * PAGE);
	assert_int_equal(cf_ranges_spans()->at[1].end, 19 * PAGE);
}

static void what_is_added_over_others_takes_their_place(void **state)
{
	(void)state;
	add(10, 20, 7);
	add(22, 24, 8);
	add(25, 30, 9);
	add(15, 26, 10);
	assert_found(10, 15, 7);
	assert_found(15, 26, 10);
	assert_found(26, 30, 9);
	assert_int_equal(cf_ranges_spans()->count, 3);
	cf_ranges_forget(12 * PAGE, 28 * PAGE);
	assert_found(10, 12, 7);
	assert_found(28, 30, 9);
	assert_int_equal(cf_ranges_spans()->count, 2);
}

static void without_memory_a_mapping_goes_unrecorded_and_the_others_stay(void **state)
{
	struct cf_range piece;

	(void)state;
	add(10, 20, 7);
	is_memory_refused = true;
	add(30, 40, 8);
	is_memory_refused = false;
	assert_int_equal(cf_ranges_spans()->count, 1);
	assert_true(take(0, 100, &piece));
	assert_is(&piece, 10, 20, 7);
	assert_false(cf_ranges_any());
	add(30, 40, 8);
	assert_found(30, 40, 8);
}

static void come_in_between(int number)
{
	struct cf_range piece;

	(void)number;
	add(50, 60, 9);
	cf_ranges_forget(0, 1000 * PAGE);
	cf_ranges_move(10 * PAGE, 20 * PAGE, 70 * PAGE, 10 * PAGE, false);
	if (take(0, 100, &piece) || cf_ranges_find(0, 100 * PAGE, &piece))
		_exit(99);
}

static void a_handler_that_has_interrupted_us_changes_and_finds_nothing(void **state)
{
	static struct cf_lock some_lock;

	(void)state;
	add(10, 20, 7);
	signal(SIGUSR1, come_in_between);
	assert_true(cf_lock_take(&some_lock));
	raise(SIGUSR1);
	cf_lock_release(&some_lock);
	assert_int_equal(cf_ranges_spans()->count, 1);
	assert_found(10, 20, 7);
}

static _Atomic int taken[PIECES];

static void *take_all(void *argument)
{
	struct cf_range piece;

	(void)argument;
	while (cf_ranges_take(0, 2 * PIECES * PAGE, &piece))
		taken[piece.start / PAGE / 2]++;
	return NULL;
}

static void of_several_threads_one_takes_a_piece(void **state)
{
	pthread_t threads[3];

	(void)state;
	for (int i = 0; i < PIECES; i++)
		add((uintptr_t)i * 2, (uintptr_t)i * 2 + 1, i);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, take_all, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < PIECES; i++)
		assert_int_equal(taken[i], 1);
	assert_false(cf_ranges_any());
}

static void have_all_but_the_watched_ones(void **state)
{
	(void)state;
	cf_ranges_after_fork();
	assert_int_equal(cf_ranges_spans()->count, 2);
	assert_found(10, 20, 7);
	assert_found(35, 40, 8);
	cf_ranges_forget(0, 100 * PAGE);
	assert_false(cf_ranges_any());
}

static void law_9_a_forked_child_has_all_mappings_but_the_watched_ones(void **state)
{
	(void)state;
	add(5, 6, -1);
	add(10, 20, 7);
	add(30, 34, -1);
	add(34, 35, -1);
	add(35, 40, 8);
	unit_in_child(have_all_but_the_watched_ones, NULL);
	assert_int_equal(cf_ranges_spans()->count, 5);
}

static void know_of_none(void **state)
{
	(void)state;
	cf_ranges_after_fork();
	assert_false(cf_ranges_any());
}

static void law_9_a_forked_child_without_any_mapping_left_knows_of_none(void **state)
{
	(void)state;
	add(5, 6, -1);
	unit_in_child(know_of_none, NULL);
	assert_true(cf_ranges_any());
}

static int status_of_child = -1;

/* A thread that is inside at the fork is not there in the child to come out. */
static void fork_inside(void)
{
	struct cf_range piece;

	before_release = NULL;
	pid_t child = fork();
	if (child == 0) {
		cf_ranges_after_fork();
		__real_cf_lock_release(&(struct cf_lock){ 0 }); /* no longer inside */
		bool is_forgotten = !cf_ranges_any() && !take(0, 100, &piece);
		add(50, 60, 9);
		_exit(is_forgotten && take(0, 100, &piece) && piece.fd == 9 ? 0 : 1);
	}
	waitpid(child, &status_of_child, 0);
}

static void a_child_of_a_fork_in_the_middle_of_a_change_knows_nothing(void **state)
{
	(void)state;
	add(10, 20, 7);
	before_release = fork_inside;
	add(30, 40, 8);
	assert_int_equal(status_of_child, 0);
	assert_found(10, 20, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_found_and_taken_once),
		cmocka_unit_test(what_is_taken_is_cut_and_the_rest_stays),
		cmocka_unit_test(what_is_added_over_others_takes_their_place),
		cmocka_unit_test(
			without_memory_a_mapping_goes_unrecorded_and_the_others_stay),
		cmocka_unit_test(
			a_handler_that_has_interrupted_us_changes_and_finds_nothing),
		cmocka_unit_test(of_several_threads_one_takes_a_piece),
		cmocka_unit_test(
			law_9_a_forked_child_has_all_mappings_but_the_watched_ones),
		cmocka_unit_test(
			law_9_a_forked_child_without_any_mapping_left_knows_of_none),
		cmocka_unit_test(
			a_child_of_a_fork_in_the_middle_of_a_change_knows_nothing),
	};

	return unit_run(tests);
}
