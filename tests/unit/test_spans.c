/* SPDX-License-Identifier: MIT */
/*
 * test_spans.c - a sorted array of address spans, against an array that is not sorted.
 */
#include <errno.h>
#include <string.h>

#include "keep.h"
#include "refusal.h"
#include "spans.h"
#include "unit.h"

#define FIRST_ROOM 256
#define MOST	   1000
#define STEPS	   20000

static struct cf_spans spans;

static bool insert(uintptr_t start, uintptr_t end, void *what)
{
	return cf_spans_insert(&spans, (struct cf_span){ start, end, what });
}

static void nothing_is_found_in_an_empty_table(void **state)
{
	(void)state;
	assert_int_equal(cf_spans_find(&spans, 0), 0);
	assert_int_equal(cf_spans_find(&spans, UINTPTR_MAX), 0);
}

static void the_first_span_that_ends_after_an_address_is_found(void **state)
{
	(void)state;
	assert_true(insert(40, 50, &spans));
	assert_true(insert(10, 20, NULL));
	assert_true(insert(20, 25, NULL)); /* ends where none begins */
	assert_int_equal(spans.count, 3);
	assert_int_equal(cf_spans_find(&spans, 0), 0);
	assert_int_equal(cf_spans_find(&spans, 19), 0);
	assert_int_equal(cf_spans_find(&spans, 20), 1);
	assert_int_equal(cf_spans_find(&spans, 25), 2);
	assert_int_equal(cf_spans_find(&spans, 49), 2);
	assert_int_equal(cf_spans_find(&spans, 50), 3);
	assert_ptr_equal(spans.at[2].what, &spans);
	assert_int_equal(spans.at[2].start, 40);
}

static void a_removed_span_leaves_the_others_in_order(void **state)
{
	(void)state;
	for (uintptr_t i = 0; i < 5; i++)
		assert_true(insert(i * 10, i * 10 + 5, NULL));
	cf_spans_remove(&spans, 4);
	cf_spans_remove(&spans, 1);
	cf_spans_remove(&spans, 0);
	assert_int_equal(spans.count, 2);
	assert_int_equal(spans.at[0].start, 20);
	assert_int_equal(spans.at[1].start, 30);
}

/* Places of ten addresses each; the span of one begins 0 to 4 and ends 5 to 9 above. */
static struct {
	uintptr_t start, end; /* 0: none */
} model[MOST];

static unsigned random_number(void)
{
	static unsigned seed = 4711;

	seed = seed * 1103515245U + 12345U;
	return seed >> 8;
}

static void change_one(void)
{
	unsigned place = random_number() % MOST;
	uintptr_t base = ((uintptr_t)place + 1) * 10;

	if (model[place].end) {
		cf_spans_remove(&spans, cf_spans_find(&spans, model[place].start));
		model[place].end = 0;
		return;
	}
	model[place].start = base + random_number() % 5;
	model[place].end = base + 5 + random_number() % 5;
	assert_true(insert(model[place].start, model[place].end, &model[place]));
}

static void assert_found_as_in_model(uintptr_t address)
{
	size_t place = cf_spans_find(&spans, address);
	unsigned first = 0;

	while (first < MOST && model[first].end <= address)
		first++;
	if (first == MOST) {
		assert_int_equal(place, spans.count);
		return;
	}
	assert_int_equal(spans.at[place].start, model[first].start);
	assert_int_equal(spans.at[place].end, model[first].end);
	assert_ptr_equal(spans.at[place].what, &model[first]);
}

static void assert_holds_the_model(void)
{
	size_t place = 0;

	for (unsigned i = 0; i < MOST; i++) {
		if (!model[i].end)
			continue;
		assert_int_equal(spans.at[place].start, model[i].start);
		assert_ptr_equal(spans.at[place].what, &model[i]);
		place++;
	}
	assert_int_equal(spans.count, place);
}

static void whatever_comes_and_goes_the_table_is_in_order(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++) {
		change_one();
		assert_found_as_in_model(random_number() % ((MOST + 2) * 10));
		if (step % 500 == 0)
			assert_holds_the_model();
	}
	assert_holds_the_model();
	assert_true(spans.room > FIRST_ROOM);
}

static void fill(size_t count)
{
	for (size_t i = spans.count; i < count; i++)
		assert_true(insert(i * 10, i * 10 + 5, NULL));
}

static void without_memory_a_full_table_stays_as_it_is(void **state)
{
	(void)state;
	fill(FIRST_ROOM);
	assert_int_equal(spans.room, FIRST_ROOM);
	errno = EDOM;
	refusal_of_memory();
	bool is_refused = !insert(1, 2, NULL) && !insert(99999, 100000, NULL);
	refusal_ends();
	assert_true(is_refused);
	assert_int_equal(errno, EDOM);
	assert_int_equal(spans.count, FIRST_ROOM);
	assert_int_equal(spans.at[FIRST_ROOM - 1].start, (FIRST_ROOM - 1) * 10);
	fill(FIRST_ROOM + 1);
	assert_int_equal(spans.count, FIRST_ROOM + 1);
}

/* A bare task may be looking, also when the program is gone. */
static void an_older_table_stays_readable_and_the_present_one_is_kept(void **state)
{
	uintptr_t start, end;

	(void)state;
	fill(FIRST_ROOM);
	const struct cf_span *older = spans.at;
	fill(4 * FIRST_ROOM);
	assert_ptr_not_equal(spans.at, older);
	assert_int_equal(older[FIRST_ROOM - 1].start, (FIRST_ROOM - 1) * 10);
	uintptr_t from = (uintptr_t)spans.at, to = from + spans.room * sizeof(*spans.at);
	for (; from < to; from = end) {
		assert_true(cf_keep_after(from, &start, &end));
		assert_true(start <= from);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_in_an_empty_table),
		cmocka_unit_test(the_first_span_that_ends_after_an_address_is_found),
		cmocka_unit_test(a_removed_span_leaves_the_others_in_order),
		cmocka_unit_test(whatever_comes_and_goes_the_table_is_in_order),
		cmocka_unit_test(without_memory_a_full_table_stays_as_it_is),
		cmocka_unit_test(
			an_older_table_stays_readable_and_the_present_one_is_kept),
	};

	return unit_run(tests);
}
