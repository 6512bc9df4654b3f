/* SPDX-License-Identifier: MIT */
/*
 * test_keep.c - what a bare task may be pointed to is on the list, and stays there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clerk.h"
#include "fuse.h"
#include "keep.h"
#include "pool.h"
#include "task.h"
#include "unit.h"

#define MOST 512

static bool is_kept(const void *from, size_t length)
{
	uintptr_t start, end, first = (uintptr_t)from;

	return cf_keep_after(first, &start, &end) && start <= first &&
	       end >= first + length;
}

static void the_object_that_holds_the_code_is_kept(void **state)
{
	static char nothing[100000];
	static int something = 1;
	int on_the_stack;

	(void)state;
	assert_true(is_kept((void *)(uintptr_t)cf_keep, 1));
	assert_true(is_kept((void *)(uintptr_t)cf_task_get, 1));
	assert_true(is_kept(&something, sizeof(something)));
	assert_true(is_kept(nothing, sizeof(nothing)));
	assert_true(is_kept("text", 5));
	assert_false(is_kept((void *)(uintptr_t)malloc, 1));
	assert_false(is_kept(&on_the_stack, sizeof(on_the_stack)));
}

static char *at_page(uintptr_t number)
{
	return (char *)(number * CF_KEEP_PAGE);
}

static void assert_next(uintptr_t at, uintptr_t from_page, uintptr_t end_page)
{
	uintptr_t start, end;

	assert_true(cf_keep_after(at * CF_KEEP_PAGE, &start, &end));
	assert_int_equal(start, from_page * CF_KEEP_PAGE);
	assert_int_equal(end, end_page * CF_KEEP_PAGE);
}

static void ranges_are_found_from_below_and_in_whole_pages(void **state)
{
	(void)state;
	cf_keep(at_page(7) + 1, CF_KEEP_PAGE); /* touches two */
	cf_keep(at_page(2), 3 * CF_KEEP_PAGE);
	cf_keep(at_page(12) - 1, 1);
	assert_next(0, 2, 5);
	assert_next(4, 2, 5);
	assert_next(5, 7, 9);
	assert_next(9, 11, 12);
	assert_next(0, 2, 5);
}

static void above_the_last_range_there_is_none(void **state)
{
	uintptr_t start, end;

	(void)state;
	assert_false(cf_keep_after(UINTPTR_MAX - CF_KEEP_PAGE, &start, &end));
}

static void a_list_that_was_too_short_is_not_complete(void **state)
{
	(void)state;
	for (uintptr_t i = 1; i <= MOST; i++) {
		assert_true(cf_keep_is_complete());
		cf_keep(at_page(2 * i), 1);
	}
	assert_true(cf_keep_is_complete());
	assert_next(2 * MOST, 2 * MOST, 2 * MOST + 1);
	cf_keep(at_page(1), 1);
	assert_false(cf_keep_is_complete());
	assert_next(0, 2, 3);
}

static void find_it_kept(void **state)
{
	assert_true(is_kept(*state, 1));
}

static void law_9_a_forked_child_keeps_the_list(void **state)
{
	(void)state;
	cf_keep(at_page(7), 1);
	unit_in_child(find_it_kept, at_page(7));
}

static void pieces_of_every_size_are_kept(void **state)
{
	static struct cf_pool pool;

	(void)state;
	for (size_t size = 1; size <= 2 << 20; size *= 2) {
		for (int i = 0; i < 3; i++)
			assert_true(is_kept(cf_pool_get(&pool, size), size));
	}
	assert_false(is_kept(cf_pool_pages(4096), 4096));
}

static void every_task_and_its_room_are_kept(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		struct cf_task *task = cf_task_get();

		assert_non_null(task);
		assert_true(is_kept(task, sizeof(*task)));
		assert_true(is_kept(task->room, CF_TASK_ROOM_BYTES));
	}
}

static void what_a_late_clerk_was_given_is_kept(void **state)
{
	char *given = cf_pool_pages(8192);
	_Atomic bool is_quick = false;

	(void)state;
	unit_enter_private_mounts();
	assert_int_equal(mkdir(unit_path("mount"), 0755), 0);
	struct wedge_control *orders = fuse_mount(unit_path("mount"));
	orders->hang = 1 << WEDGE_WRITE;
	strcpy(given + 5000, "line\n");
	assert_false(is_kept(given, 1));
	assert_int_equal(cf_clerk_append(unit_path("mount/file"), true, given + 5000, 5,
					 &is_quick),
			 -ETIME);
	assert_false(is_quick);
	orders->hang = 0;
	assert_true(is_kept(given + 5000, 5));
	assert_false(is_kept(given, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_object_that_holds_the_code_is_kept),
		cmocka_unit_test(ranges_are_found_from_below_and_in_whole_pages),
		cmocka_unit_test(above_the_last_range_there_is_none),
		cmocka_unit_test(a_list_that_was_too_short_is_not_complete),
		cmocka_unit_test(law_9_a_forked_child_keeps_the_list),
		cmocka_unit_test(pieces_of_every_size_are_kept),
		cmocka_unit_test(every_task_and_its_room_are_kept),
		cmocka_unit_test(what_a_late_clerk_was_given_is_kept),
	};

	return unit_run(tests);
}
