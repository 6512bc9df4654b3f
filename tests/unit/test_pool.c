/* SPDX-License-Identifier: MIT */
/*
 * test_pool.c - pieces in powers of two.
 */
#include <string.h>

#include "pool.h"
#include "refusal.h"
#include "unit.h"

#define PIECES 2000

static struct cf_pool pool;

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
	static unsigned char *pieces[PIECES];
	static const size_t sizes[] = { 1, 63, 64, 65, 1000, 4096, 20000, 300000 };
	size_t kinds = sizeof(sizes) / sizeof(*sizes);

	(void)state;
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = cf_pool_get(&pool, sizes[i % kinds]);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % 64, 0);
		memset(pieces[i], (int)(i % 251), sizes[i % kinds]);
	}
	for (size_t i = 0; i < PIECES; i++) {
		for (size_t j = 0; j < sizes[i % kinds]; j++)
			assert_int_equal(pieces[i][j], i % 251);
	}
}

static void what_is_given_back_is_used_again_for_the_same_size(void **state)
{
	(void)state;
	void *first = cf_pool_get(&pool, 100);
	void *second = cf_pool_get(&pool, 100);

	cf_pool_put(&pool, first, 100);
	cf_pool_put(&pool, second, 100);
	void *smaller = cf_pool_get(&pool, 64);
	assert_true(smaller != first && smaller != second);
	assert_ptr_equal(cf_pool_get(&pool, 128), second);
	assert_ptr_equal(cf_pool_get(&pool, 65), first);
}

static void the_largest_piece_is_two_megabytes(void **state)
{
	(void)state;
	char *largest = cf_pool_get(&pool, 2 << 20);
	assert_non_null(largest);
	largest[0] = largest[(2 << 20) - 1] = 1;
	cf_pool_put(&pool, largest, 2 << 20);
	assert_ptr_equal(cf_pool_get(&pool, (1 << 20) + 1), largest);
	assert_null(cf_pool_get(&pool, (2 << 20) + 1));
	assert_null(cf_pool_get(&pool, SIZE_MAX));
}

static void pages_are_zeroed(void **state)
{
	(void)state;
	char *pages = cf_pool_pages(3 * 4096);
	assert_non_null(pages);
	assert_int_equal((uintptr_t)pages % 4096, 0);
	for (size_t i = 0; i < 3 * 4096; i++)
		assert_int_equal(pages[i], 0);
}

static void without_memory_there_is_no_piece_and_later_there_is(void **state)
{
	(void)state;
	refusal_of_memory();
	void *piece = cf_pool_get(&pool, 100);
	void *big = cf_pool_get(&pool, 1 << 20);
	void *pages = cf_pool_pages(4096);
	refusal_ends();
	assert_null(piece);
	assert_null(big);
	assert_null(pages);
	assert_non_null(cf_pool_get(&pool, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
		cmocka_unit_test(what_is_given_back_is_used_again_for_the_same_size),
		cmocka_unit_test(the_largest_piece_is_two_megabytes),
		cmocka_unit_test(pages_are_zeroed),
		cmocka_unit_test(without_memory_there_is_no_piece_and_later_there_is),
	};

	return unit_run(tests);
}
