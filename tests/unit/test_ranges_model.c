/* SPDX-License-Identifier: MIT */
/*
 * test_ranges_model.c - ranges.h once more: how mappings are moved, and whatever is done to
 * them, against a list of pages that knows one record for each.
 */
#include <string.h>

#include "ranges.h"
#include "unit.h"

#define PAGE  ((uintptr_t)4096)
#define PAGES 200
#define STEPS 20000

/* A record is new for each piece that is added or moved; 0: none. */
static struct page {
	unsigned record;
	int fd;
} model[PAGES + 1];

static unsigned records;
static int fds;

static unsigned random_number(unsigned below)
{
	static unsigned seed = 4711;

	seed = seed * 1103515245U + 12345U;
	return (seed >> 8) % below;
}

static void fill(uintptr_t from, uintptr_t end, int fd)
{
	records++;
	for (uintptr_t i = from; i < end; i++)
		model[i] = (struct page){ records, fd };
}

static void clear(uintptr_t from, uintptr_t end)
{
	memset(&model[from], 0, (end - from) * sizeof(*model));
}

/* The lowest piece of [from, end); *last is after it. False for none. */
static bool piece_of_model(uintptr_t from, uintptr_t end, uintptr_t *first,
			   uintptr_t *last)
{
	for (*first = from; *first < end && !model[*first].record;)
		(*first)++;
	for (*last = *first; *last < end && model[*last].record == model[*first].record;)
		(*last)++;
	return *first < end;
}

static void assert_as_model(uintptr_t from, uintptr_t end, bool is_found,
			    const struct cf_range *piece)
{
	uintptr_t first, last;

	assert_int_equal(is_found, piece_of_model(from, end, &first, &last));
	if (!is_found)
		return;
	assert_int_equal(piece->start / PAGE, first);
	assert_int_equal(piece->end / PAGE, last);
	assert_int_equal(piece->fd, model[first].fd);
}

static void assert_holds_the_model(void)
{
	struct cf_range piece = { 0 };
	uintptr_t at = 0;

	while (cf_ranges_find(at * PAGE, PAGES * PAGE, &piece)) {
		assert_as_model(at, PAGES, true, &piece);
		at = piece.end / PAGE;
	}
	assert_as_model(at, PAGES, false, &piece);
}

static void add(uintptr_t from, uintptr_t end, int fd)
{
	cf_ranges_add(
		&(struct cf_range){ .start = from * PAGE, .end = end * PAGE, .fd = fd });
	fill(from, end, fd);
}

static void take(uintptr_t from, uintptr_t end)
{
	struct cf_range piece = { 0 };
	bool is_found = cf_ranges_take(from * PAGE, end * PAGE, &piece);

	assert_as_model(from, end, is_found, &piece);
	if (is_found)
		clear(piece.start / PAGE, piece.end / PAGE);
}

/* What lay there is gone; the pieces are copied in order, the last one stretched. */
static void move(uintptr_t from, uintptr_t end, uintptr_t to, uintptr_t length,
		 bool is_kept)
{
	uintptr_t first, last;

	cf_ranges_move(from * PAGE, end * PAGE, to * PAGE, length * PAGE, is_kept);
	clear(to, to + length);
	for (uintptr_t at = from; piece_of_model(at, end, &first, &last); at = last) {
		uintptr_t start = first - from, stop = last - from;

		if (last == end || stop > length)
			stop = length;
		if (start < stop)
			fill(to + start, to + stop, model[first].fd);
	}
	if (!is_kept)
		clear(from, end);
}

static void resize(uintptr_t from, uintptr_t end, uintptr_t new_end)
{
	uintptr_t first = from;

	cf_ranges_move(from * PAGE, end * PAGE, from * PAGE, (new_end - from) * PAGE,
		       false);
	if (new_end < end)
		clear(new_end, end);
	if (new_end <= end || !model[end - 1].record)
		return;
	for (first = end - 1;
	     first > from && model[first - 1].record == model[end - 1].record;)
		first--;
	fill(first, new_end, model[end - 1].fd);
}

static void moved_pieces_keep_their_distances_and_the_last_is_stretched(void **state)
{
	(void)state;
	add(10, 12, 7);
	add(14, 20, 8);
	add(100, 130, 9); /* what lies where they come */
	move(10, 20, 105, 15, false);
	assert_holds_the_model();
	assert_int_equal(model[106].fd, 7);
	assert_int_equal(model[107].record, 0);
	assert_int_equal(model[119].fd, 8);
	assert_int_equal(model[120].fd, 9);
}

static void a_hole_at_the_end_is_not_filled(void **state)
{
	(void)state;
	add(10, 15, 7);
	move(10, 20, 100, 30, false);
	assert_holds_the_model();
	assert_int_equal(model[104].fd, 7);
	assert_int_equal(model[105].record, 0);
}

static void moved_pieces_are_cut_to_the_new_length(void **state)
{
	(void)state;
	add(10, 12, 7);
	add(12, 20, 8);
	add(20, 22, 9); /* what lies beyond stays */
	move(10, 20, 100, 5, false);
	assert_holds_the_model();
	assert_int_equal(model[104].fd, 8);
	assert_int_equal(model[105].record, 0);
	assert_int_equal(model[20].fd, 9);
	move(100, 105, 150, 2, false);
	assert_holds_the_model();
}

static void kept_pieces_are_there_twice(void **state)
{
	(void)state;
	add(5, 25, 7);
	move(10, 20, 100, 10, true);
	assert_holds_the_model();
	assert_int_equal(model[10].fd, 7);
	assert_int_equal(model[100].fd, 7);
	assert_int_equal(model[110].record, 0);
}

static void in_their_place_they_grow_and_shrink_at_the_end(void **state)
{
	(void)state;
	add(10, 12, 7);
	add(14, 20, 8);
	add(22, 23, 9);
	resize(10, 20, 22);
	assert_holds_the_model();
	assert_int_equal(model[21].fd, 8);
	assert_int_equal(model[22].fd, 9);
	resize(10, 22, 11);
	assert_holds_the_model();
	assert_int_equal(model[10].fd, 7);
	assert_int_equal(model[11].record, 0);
	resize(10, 11, 11);
	assert_holds_the_model();
	resize(30, 40, 50);
	assert_holds_the_model();
}

/* One mremap() as the kernel allows it: what is moved does not overlap. */
static void move_somewhere(void)
{
	uintptr_t from = random_number(PAGES / 2 - 20);
	uintptr_t end = from + 1 + random_number(20);
	uintptr_t length = 1 + random_number(30);
	uintptr_t to = PAGES / 2 + random_number(PAGES / 2 - 30);

	if (random_number(2)) /* and back */
		move(to, to + length, from, end - from, random_number(4) == 0);
	else
		move(from, end, to, length, random_number(4) == 0);
}

static void whatever_is_done_the_table_is_as_the_list_of_pages(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++) {
		uintptr_t from = random_number(PAGES), at = from;
		uintptr_t end = from + 1 + random_number((unsigned)(PAGES - from));

		switch (random_number(6)) {
		case 0:
			add(from, from + (end - from + 3) / 4, fds++);
			break;
		case 1:
			take(from, end);
			break;
		case 2:
			cf_ranges_forget(from * PAGE, (from + (end - at) / 8) * PAGE);
			clear(from, from + (end - at) / 8);
			break;
		case 3:
			resize(from, end,
			       from + 1 + random_number((unsigned)(PAGES - from)));
			break;
		default:
			move_somewhere();
		}
		if (step % 10 == 0)
			assert_holds_the_model();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			moved_pieces_keep_their_distances_and_the_last_is_stretched),
		cmocka_unit_test(a_hole_at_the_end_is_not_filled),
		cmocka_unit_test(moved_pieces_are_cut_to_the_new_length),
		cmocka_unit_test(kept_pieces_are_there_twice),
		cmocka_unit_test(in_their_place_they_grow_and_shrink_at_the_end),
		cmocka_unit_test(whatever_is_done_the_table_is_as_the_list_of_pages),
	};

	return unit_run(tests);
}
