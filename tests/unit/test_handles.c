/* SPDX-License-Identifier: MIT */
/*
 * test_handles.c - the live table. The memory of its pool is ours to refuse.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "handles.h"
#include "lock.h"
#include "pool.h"
#include "unit.h"

#define MANY	  10000
#define MOST_GONE 1024

void *__real_cf_pool_get(struct cf_pool *pool, size_t size);
void *__wrap_cf_pool_get(struct cf_pool *pool, size_t size);

static int pieces_left = -1; /* so many may still be had; -1: any number */

void *__wrap_cf_pool_get(struct cf_pool *pool, size_t size)
{
	if (pieces_left == 0)
		return NULL;
	if (pieces_left > 0)
		pieces_left--;
	return __real_cf_pool_get(pool, size);
}

static void add(uintptr_t id, const char *name)
{
	struct cf_handle handle = { .kind = CF_HANDLE_FD, .id = id, .seen = 4711 };

	snprintf(handle.name, sizeof(handle.name), "%s", name);
	cf_handles_add(&handle);
}

static bool take(uintptr_t id, struct cf_handle *handle)
{
	return cf_handles_take(CF_HANDLE_FD, id, handle);
}

static void what_was_added_is_taken_once(void **state)
{
	struct cf_handle handle;

	(void)state;
	errno = EDOM;
	assert_false(take(7, &handle));
	add(7, "/mnt/a");
	add(8, "/mnt/b");
	assert_int_equal(cf_handles_count(), 2);
	assert_true(take(7, &handle));
	assert_int_equal(handle.kind, CF_HANDLE_FD);
	assert_int_equal(handle.id, 7);
	assert_int_equal(handle.seen, 4711);
	assert_string_equal(handle.name, "/mnt/a");
	assert_int_equal(cf_handles_count(), 1);
	assert_false(take(7, &handle));
	assert_true(take(8, &handle));
	assert_int_equal(cf_handles_count(), 0);
	assert_int_equal(errno, EDOM);
}

static void a_handle_with_the_same_number_is_replaced(void **state)
{
	struct cf_handle handle;

	(void)state;
	add(7, "first");
	add(7, "second");
	assert_int_equal(cf_handles_count(), 1);
	assert_true(take(7, &handle));
	assert_string_equal(handle.name, "second");
}

static void what_was_not_there_leaves_the_record_alone(void **state)
{
	struct cf_handle handle = { .id = 42 };

	(void)state;
	assert_false(take(7, &handle));
	assert_int_equal(handle.id, 42);
}

static void ten_thousand_come_and_go(void **state)
{
	struct cf_handle handle;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uintptr_t id = 0; id < MANY; id++)
			add(id, "name");
		assert_int_equal(cf_handles_count(), MANY);
		for (uintptr_t id = MANY; id > 0; id--)
			assert_true(take(id - 1, &handle));
		assert_int_equal(cf_handles_count(), 0);
	}
}

static void without_memory_a_handle_goes_unrecorded_and_the_others_stay(void **state)
{
	struct cf_handle handle;

	(void)state;
	for (int missing = 1; missing <= 3; missing++) { /* entry, table, buckets */
		pieces_left = missing - 1;
		add(7, "lost");
		pieces_left = -1;
		assert_int_equal(cf_handles_count(), 0);
		assert_false(take(7, &handle));
	}
	add(1, "kept");
	pieces_left = 0;
	add(7, "lost");
	add(1, "replaced");
	pieces_left = -1;
	assert_int_equal(cf_handles_count(), 1);
	assert_true(take(1, &handle));
	assert_string_equal(handle.name, "replaced");
}

static void a_table_that_cannot_grow_keeps_what_it_has_recorded(void **state)
{
	struct cf_handle handle;
	unsigned taken_out = 0;

	(void)state;
	add(0, "first");
	for (uintptr_t id = 1; id < MANY; id++) {
		pieces_left = 1; /* enough for an entry, not for more buckets */
		add(id, "name");
	}
	pieces_left = -1;
	unsigned count = cf_handles_count();
	assert_in_range(count, 100, MANY);
	for (uintptr_t id = 0; id < MANY; id++)
		taken_out += take(id, &handle);
	assert_int_equal(taken_out, count);
	assert_int_equal(cf_handles_count(), 0);
}

static struct cf_lock some_lock;
static bool handler_took, handler_found;
static unsigned handler_count;

static void come_in_between(int number)
{
	struct cf_handle handle;

	add((uintptr_t)number, "of the handler");
	handler_took = take(7, &handle);
	handler_count = cf_handles_count();
	handler_found = cf_handles_find(CF_HANDLE_FD, 7, &handle);
	cf_handles_set_waited(CF_HANDLE_FD, 7, 4711);
	handle = (struct cf_handle){ .kind = CF_HANDLE_FD, .id = 8 };
	cf_handles_bury(&handle);
}

static void a_handler_that_has_interrupted_us_records_and_takes_nothing(void **state)
{
	struct cf_handle handle;

	(void)state;
	add(7, "mine");
	signal(SIGUSR1, come_in_between);
	assert_true(cf_lock_take(&some_lock));
	raise(SIGUSR1);
	cf_lock_release(&some_lock);
	assert_false(handler_took || handler_found);
	assert_int_equal(handler_count, 0);
	assert_int_equal(cf_handles_count(), 1);
	assert_true(take(7, &handle));
	assert_int_equal(handle.waited_ns, 0);
}

static bool find(uintptr_t id, struct cf_handle *handle)
{
	return cf_handles_find(CF_HANDLE_FD, id, handle);
}

static void what_is_found_stays_in_the_table(void **state)
{
	struct cf_handle handle = { .id = 42 };

	(void)state;
	assert_false(find(7, &handle));
	assert_int_equal(handle.id, 42);
	add(7, "/mnt/a");
	for (int i = 0; i < 2; i++) {
		memset(&handle, 0, sizeof(handle));
		assert_true(find(7, &handle));
		assert_string_equal(handle.name, "/mnt/a");
	}
	assert_int_equal(cf_handles_count(), 1);
}

static void one_number_of_two_kinds_is_two_handles(void **state)
{
	struct cf_handle multi = { .kind = CF_HANDLE_MULTI, .id = 7, .owner = 4711 };

	(void)state;
	add(7, "/mnt/a");
	cf_handles_add(&multi);
	assert_int_equal(cf_handles_count(), 2);
	memset(&multi, 0, sizeof(multi));
	assert_false(cf_handles_find(CF_HANDLE_EASY, 7, &multi));
	assert_true(cf_handles_take(CF_HANDLE_MULTI, 7, &multi));
	assert_int_equal(multi.owner, 4711);
	assert_true(find(7, &multi));
}

static void what_was_waited_is_kept_with_a_handle_that_is_there(void **state)
{
	struct cf_handle handle;

	(void)state;
	cf_handles_set_waited(CF_HANDLE_FD, 7, 4711);
	assert_int_equal(cf_handles_count(), 0);
	add(7, "/mnt/a");
	cf_handles_set_waited(CF_HANDLE_FD, 7, 4711);
	cf_handles_set_waited(CF_HANDLE_EASY, 7, 5);
	assert_true(find(7, &handle));
	assert_int_equal(handle.waited_ns, 4711);
	assert_string_equal(handle.name, "/mnt/a");
}

static void bury(uintptr_t id)
{
	cf_handles_bury(&(struct cf_handle){ .kind = CF_HANDLE_FD, .id = id });
}

static void what_was_buried_is_found_as_gone_until_it_is_added_again(void **state)
{
	struct cf_handle handle;

	(void)state;
	add(7, "/mnt/a");
	bury(7);
	assert_int_equal(cf_handles_count(), 1);
	assert_true(find(7, &handle));
	assert_true(handle.is_gone);
	add(7, "/mnt/b");
	assert_true(find(7, &handle));
	assert_false(handle.is_gone);
	bury(7);
	assert_true(take(7, &handle));
	assert_true(handle.is_gone);
	assert_int_equal(cf_handles_count(), 0);
}

static void of_more_than_1024_that_are_gone_the_oldest_makes_place(void **state)
{
	struct cf_handle handle;

	(void)state;
	add(MANY, "lives");
	for (uintptr_t id = 0; id < MOST_GONE; id++)
		bury(id);
	assert_int_equal(cf_handles_count(), MOST_GONE + 1);
	assert_true(find(0, &handle));
	bury(MOST_GONE);
	assert_int_equal(cf_handles_count(), MOST_GONE + 1);
	assert_false(find(0, &handle));
	assert_true(find(1, &handle));
	for (uintptr_t id = MOST_GONE; id < MANY; id++)
		bury(id);
	assert_int_equal(cf_handles_count(), MOST_GONE + 1);
	assert_true(find(MANY, &handle));
	assert_false(handle.is_gone);
}

static void what_came_to_life_again_makes_place_for_nobody(void **state)
{
	struct cf_handle handle;

	(void)state;
	bury(MANY);
	add(MANY, "lives again");
	for (uintptr_t id = 0; id <= 2 * MOST_GONE; id++)
		bury(id);
	assert_true(find(MANY, &handle));
	assert_string_equal(handle.name, "lives again");
}

static void the_maker_of_a_handle_is_told_while_it_lives(void **state)
{
	struct cf_handle handle = { .kind = CF_HANDLE_EASY,
				    .id = 7,
				    .maker = &pieces_left };

	(void)state;
	assert_null(cf_handles_maker(CF_HANDLE_EASY, 7));
	cf_handles_add(&handle);
	assert_ptr_equal(cf_handles_maker(CF_HANDLE_EASY, 7), &pieces_left);
	assert_null(cf_handles_maker(CF_HANDLE_MULTI, 7));
	cf_handles_bury(&handle);
	assert_null(cf_handles_maker(CF_HANDLE_EASY, 7));
}

static _Atomic int taken;

static void *take_all(void *argument)
{
	struct cf_handle handle;

	(void)argument;
	for (uintptr_t id = 0; id < 1000; id++)
		taken += take(id, &handle);
	return NULL;
}

static void of_two_threads_one_takes_a_handle(void **state)
{
	pthread_t threads[2];

	(void)state;
	for (uintptr_t id = 0; id < 1000; id++)
		add(id, "name");
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, take_all, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(taken, 1000);
	assert_int_equal(cf_handles_count(), 0);
}

static void be_empty_and_usable(void **state)
{
	struct cf_handle handle;

	(void)state;
	cf_handles_after_fork();
	assert_int_equal(cf_handles_count(), 0);
	assert_false(take(7, &handle));
	add(7, "the child's");
	assert_true(take(7, &handle));
	bury(1001); /* and so did the parent, as its second */
	bury(5);
	assert_true(find(1001, &handle));
}

static void law_9_a_forked_child_begins_with_an_empty_table(void **state)
{
	struct cf_handle handle;

	(void)state;
	for (uintptr_t id = 1000; id < 1000 + MOST_GONE; id++)
		bury(id);
	add(7, "the parent's");
	unit_in_child(be_empty_and_usable, NULL);
	assert_true(take(7, &handle));
	assert_string_equal(handle.name, "the parent's");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_taken_once),
		cmocka_unit_test(a_handle_with_the_same_number_is_replaced),
		cmocka_unit_test(what_was_not_there_leaves_the_record_alone),
		cmocka_unit_test(ten_thousand_come_and_go),
		cmocka_unit_test(
			without_memory_a_handle_goes_unrecorded_and_the_others_stay),
		cmocka_unit_test(a_table_that_cannot_grow_keeps_what_it_has_recorded),
		cmocka_unit_test(
			a_handler_that_has_interrupted_us_records_and_takes_nothing),
		cmocka_unit_test(what_is_found_stays_in_the_table),
		cmocka_unit_test(one_number_of_two_kinds_is_two_handles),
		cmocka_unit_test(what_was_waited_is_kept_with_a_handle_that_is_there),
		cmocka_unit_test(
			what_was_buried_is_found_as_gone_until_it_is_added_again),
		cmocka_unit_test(of_more_than_1024_that_are_gone_the_oldest_makes_place),
		cmocka_unit_test(what_came_to_life_again_makes_place_for_nobody),
		cmocka_unit_test(the_maker_of_a_handle_is_told_while_it_lives),
		cmocka_unit_test(of_two_threads_one_takes_a_handle),
		cmocka_unit_test(law_9_a_forked_child_begins_with_an_empty_table),
	};

	return unit_run(tests);
}
