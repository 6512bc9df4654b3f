/* SPDX-License-Identifier: MIT */
/*
 * test_scarce.c - under which limits threads of ours would stand in the program's way.
 */
#include "scarce.h"

#include <sys/resource.h>

#include "unit.h"

static void limit(int resource, rlim_t most)
{
	struct rlimit limit;

	assert_int_equal(getrlimit((__rlimit_resource_t)resource, &limit), 0);
	limit.rlim_cur = most;
	assert_int_equal(setrlimit((__rlimit_resource_t)resource, &limit), 0);
}

static int given_plenty(void **state)
{
	(void)state;
	limit(RLIMIT_NPROC, 4096);
	return 0;
}

static void threads_are_scarce_below_1024_tasks(void **state)
{
	(void)state;
	assert_false(cf_scarce_threads());
	limit(RLIMIT_NPROC, 1024);
	assert_false(cf_scarce_threads());
	limit(RLIMIT_NPROC, 1023);
	assert_true(cf_scarce_threads());
}

static void threads_are_scarce_where_memory_is_limited(void **state)
{
	(void)state;
	limit(RLIMIT_AS, (rlim_t)1 << 46);
	assert_true(cf_scarce_threads());
}

static void threads_are_scarce_once_one_could_not_be_made(void **state)
{
	(void)state;
	cf_scarce_note();
	assert_true(cf_scarce_threads());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(threads_are_scarce_below_1024_tasks, given_plenty),
		cmocka_unit_test_setup(threads_are_scarce_where_memory_is_limited,
				       given_plenty),
		cmocka_unit_test_setup(threads_are_scarce_once_one_could_not_be_made,
				       given_plenty),
	};

	return unit_run(tests);
}
