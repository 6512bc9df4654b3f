/* SPDX-License-Identifier: MIT */
/*
 * test_loader.c - the loader's list, and how a forked child reads it without the lock.
 */
#include "loader.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define MOST	64
#define ANOTHER "libcurl-gnutls.so.4"

struct seen {
	int count;
	struct dl_phdr_info objects[MOST];
};

static int note(struct dl_phdr_info *object, size_t size, void *data)
{
	struct seen *seen = data;

	(void)size;
	assert_in_range(seen->count, 0, MOST - 1);
	seen->objects[seen->count++] = *object;
	return 0;
}

static void assert_same(const struct seen *one, const struct seen *other)
{
	assert_int_equal(one->count, other->count);
	for (int i = 0; i < one->count; i++) {
		const struct dl_phdr_info *a = &one->objects[i], *b = &other->objects[i];

		assert_int_equal(a->dlpi_addr, b->dlpi_addr);
		assert_string_equal(a->dlpi_name, b->dlpi_name);
		assert_ptr_equal(a->dlpi_phdr, b->dlpi_phdr);
		assert_int_equal(a->dlpi_phnum, b->dlpi_phnum);
	}
}

static struct seen look(void)
{
	struct seen seen = { .count = 0 };

	assert_int_equal(cf_loader_each(note, &seen), 0);
	assert_in_range(seen.count, 3, MOST);
	return seen;
}

static void assert_as_libc_shows_it(void)
{
	struct seen libcs = { .count = 0 }, ours = look();

	dl_iterate_phdr(note, &libcs);
	assert_same(&ours, &libcs);
}

static int stop(struct dl_phdr_info *object, size_t size, void *calls)
{
	(void)object, (void)size;
	return ++*(int *)calls == 2 ? 42 : 0;
}

static void the_list_is_the_one_that_libc_shows(void **state)
{
	int calls = 0;

	(void)state;
	assert_as_libc_shows_it();
	assert_true(look().objects[0].dlpi_adds < CF_LOADER_UNLOCKED);
	assert_int_equal(cf_loader_each(stop, &calls), 42);
	assert_int_equal(calls, 2);
}

static void look_in_a_child(void **state)
{
	int calls = 0;

	(void)state;
	assert_as_libc_shows_it();
	struct seen before = look();
	assert_true(before.objects[0].dlpi_adds >= CF_LOADER_UNLOCKED);
	assert_true(look().objects[1].dlpi_adds == before.objects[0].dlpi_adds);
	void *another = dlopen(ANOTHER, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(another);
	assert_as_libc_shows_it();
	assert_true(look().objects[0].dlpi_adds > before.objects[0].dlpi_adds);
	dlclose(another);
	assert_true(look().objects[0].dlpi_adds > before.objects[0].dlpi_adds + 1);
	assert_int_equal(cf_loader_each(stop, &calls), 42);
	assert_int_equal(calls, 2);
}

/* The first look is what tells a child from the process that it was forked by. */
static void a_child_reads_the_same_list_without_the_lock(void **state)
{
	look();
	unit_in_child(look_in_a_child, state);
	assert_true(look().objects[0].dlpi_adds < CF_LOADER_UNLOCKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_is_the_one_that_libc_shows),
		cmocka_unit_test(a_child_reads_the_same_list_without_the_lock),
	};

	return unit_run(tests);
}
