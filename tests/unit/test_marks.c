/* SPDX-License-Identifier: MIT */
/*
 * test_marks.c - which mounts are local, which have been sick.
 */
#include "marks.h"
#include "unit.h"

static struct cf_identity file_on(uint64_t id)
{
	return (struct cf_identity){ .mount = id, .mount_is_unique = true };
}

static void a_mark_is_there_once_it_is_set_and_no_other(void **state)
{
	struct cf_identity file = file_on(1), other = file_on(2);

	(void)state;
	assert_false(cf_marks_has(CF_MARK_LOCAL, &file));
	cf_marks_set(CF_MARK_LOCAL, cf_marks_word(&file));
	assert_true(cf_marks_has(CF_MARK_LOCAL, &file));
	assert_false(cf_marks_has(CF_MARK_SICK, &file));
	assert_false(cf_marks_has(CF_MARK_LOCAL, &other));
	cf_marks_set(CF_MARK_SICK, cf_marks_word(&other));
	assert_true(cf_marks_has(CF_MARK_SICK, &other));
	assert_true(cf_marks_has(CF_MARK_LOCAL, &file));
}

static void a_mark_may_be_forgotten_and_is_never_taken_for_anothers(void **state)
{
	unsigned kept = 0;

	(void)state;
	for (uint64_t id = 1; id <= 1000; id++) {
		struct cf_identity file = file_on(id);

		assert_false(cf_marks_has(CF_MARK_LOCAL, &file));
		cf_marks_set(CF_MARK_LOCAL, cf_marks_word(&file));
		assert_true(cf_marks_has(CF_MARK_LOCAL, &file));
	}
	for (uint64_t id = 1; id <= 1000; id++) {
		struct cf_identity file = file_on(id);

		kept += cf_marks_has(CF_MARK_LOCAL, &file);
	}
	assert_in_range(kept, 1, 999);
}

static void words_differ_by_mount_by_device_and_by_kind_of_id(void **state)
{
	const struct cf_identity files[] = {
		{ .mount = 5, .mount_is_unique = true },
		{ .mount = 6, .mount_is_unique = true },
		{ .mount = 5 },
		{ .mount = 5, .minor = 1 },
		{ .mount = 5, .major = 1 },
		{ .mount = 6, .minor = 1 },
	};
	size_t count = sizeof(files) / sizeof(*files);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(cf_marks_word(&files[i]) != 0);
		for (size_t j = 0; j < i; j++)
			assert_true(cf_marks_word(&files[i]) != cf_marks_word(&files[j]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_is_there_once_it_is_set_and_no_other),
		cmocka_unit_test(a_mark_may_be_forgotten_and_is_never_taken_for_anothers),
		cmocka_unit_test(words_differ_by_mount_by_device_and_by_kind_of_id),
	};

	return unit_run(tests);
}
