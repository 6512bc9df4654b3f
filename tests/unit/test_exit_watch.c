/* SPDX-License-Identifier: MIT */
/*
 * test_exit_watch.c - the thread that waits beside the end.
 */
#include <dirent.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "clock.h"
#include "exit_watch.h"
#include "raw.h"
#include "unit.h"

static _Atomic int64_t until;
static _Atomic int64_t came;
static _Atomic int calls, thread;

static void come(void)
{
	atomic_store(&came, cf_clock_now());
	atomic_store(&thread, (int)cf_raw_call3(SYS_gettid, 0, 0, 0));
	atomic_fetch_add(&calls, 1);
}

static bool has_come(void *unused)
{
	(void)unused;
	return atomic_load(&calls) > 0;
}

static int count_threads(void)
{
	DIR *all = opendir("/proc/self/task");
	struct dirent *entry;
	int count = 0;

	while (all && (entry = readdir(all)))
		count += atoi(entry->d_name) > 0;
	closedir(all);
	return count;
}

static void it_comes_once_past_the_instant_in_a_thread_of_its_own(void **state)
{
	int before = count_threads();

	(void)state;
	atomic_store(&until, cf_clock_after(50 * CF_MS));
	assert_true(cf_exit_watch_begin(&until, come));
	assert_true(cf_exit_watch_begin(&until, come)); /* waits already */
	assert_int_equal(count_threads(), before + 1);
	assert_true(unit_await(has_come, NULL, 5000));
	assert_true(atomic_load(&came) >= atomic_load(&until));
	assert_int_not_equal(atomic_load(&thread), cf_raw_call3(SYS_gettid, 0, 0, 0));
	unit_pass(50);
	assert_int_equal(atomic_load(&calls), 1);
}

static void an_instant_that_is_moved_is_waited_for(void **state)
{
	(void)state;
	atomic_store(&until, cf_clock_after(50 * CF_MS));
	assert_true(cf_exit_watch_begin(&until, come));
	atomic_fetch_add(&until, 300 * CF_MS);
	unit_pass(150);
	assert_int_equal(atomic_load(&calls), 0);
	assert_true(unit_await(has_come, NULL, 5000));
	assert_true(atomic_load(&came) >= atomic_load(&until));
}

static void a_forked_child_may_have_its_own(void **state)
{
	(void)state;
	atomic_store(&until, CF_NEVER / 2);
	assert_true(cf_exit_watch_begin(&until, come));
	cf_exit_watch_after_fork();
	atomic_store(&until, cf_clock_now());
	assert_true(unit_await(has_come, NULL, 5000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_once_past_the_instant_in_a_thread_of_its_own),
		cmocka_unit_test(an_instant_that_is_moved_is_waited_for),
		cmocka_unit_test(a_forked_child_may_have_its_own),
	};

	return unit_run(tests);
}
