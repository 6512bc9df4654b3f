/* SPDX-License-Identifier: MIT */
/*
 * victim_remap.c - changes what is mapped where, and ends with status 7.
 *
 *   again PATH           unmaps a dirty mapping of the file (call 0), once more (call 1),
 *                        and tries to grow it (call 2); step 1; with 1 from the driver
 *                        it waits until nothing is mapped there (call 3)
 *   over_live HOW PATH   puts other pages over the middle of a dirty mapping (call 0);
 *                        step 1; with 1 from the driver it does so again (call 1) and
 *                        unmaps all (call 2)
 *   over_parked HOW PATH the same where one was unmapped (call 0): calls 1, 2, 3
 *   shrink PATH          shrinks and moves a dirty mapping (calls 0, 1); step 1; with 1
 *                        from the driver again (calls 2, 3), and unmaps it (call 4)
 *   resize PATH          grows, shrinks and moves one; step 1; with 1 from the driver
 *                        it dirties and unmaps that (call 0)
 *
 * HOW is `mmap` or `mremap`. Of a call that gives an address the result is 0 or -1. Where
 * the first attempt is refused, nothing may have changed: else the victim ends with 99.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"
#include "victim_pages.h"

#define COVER_FROM  4
#define COVER_COUNT 4
#define COVER_END   (COVER_FROM + COVER_COUNT)
#define SHORT	    4
#define LETTER	    'c'
#define GONE_NAPS   10000

static size_t bytes(int count)
{
	return (size_t)count * PAGES_BYTES;
}

static void unmap(int slot, char *start, int count)
{
	victim_begin(slot);
	victim_end(slot, munmap(start, bytes(count)));
}

static char *remap(int slot, char *start, int from_count, int to_count, int flags,
		   char *target)
{
	victim_begin(slot);
	char *result =
		mremap(start, bytes(from_count), bytes(to_count), flags, (void *)target);
	victim_end(slot, result == MAP_FAILED ? -1 : 0);
	return result;
}

static void await_driver(void)
{
	victim_step(1);
	victim_await(1);
}

static void await_gone(int slot, const char *start, int count)
{
	int naps = 0;

	victim_begin(slot);
	while (pages_are_mapped(start, count) && naps++ < GONE_NAPS)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	victim_end(slot, pages_are_mapped(start, count) ? -1 : 0);
}

static int run_again(char **arguments)
{
	char *start = pages_map_dirty("held", arguments[0], PAGES_FILE);

	unmap(0, start, PAGES_FILE);
	unmap(1, start, PAGES_FILE);
	remap(2, start, PAGES_FILE, 2 * PAGES_FILE, MREMAP_MAYMOVE, NULL);
	await_driver();
	await_gone(3, start, PAGES_FILE);
	return victim_leave(VICTIM_STATUS);
}

/* A child sees the mappings of its parent. */
static void check_in_a_child(const char *start, int count, char letter)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(pages_hold(start, count, letter) ? 0 : 1);
	victim_need(child != -1 && waitpid(child, &status, 0) == child, "fork");
	errno = EFAULT;
	victim_need(status == 0, "a child does not see the mapping");
}

/* What was one mapping still is: mremap grows no two at once. Returns where it is now. */
static char *check_it_is_one(char *start)
{
	start = mremap(start, bytes(PAGES_FILE), bytes(PAGES_FILE + 1), MREMAP_MAYMOVE);
	victim_need(start != MAP_FAILED, "grow what was refused to change");
	return start;
}

static char *spare; /* what mremap moves over the others */

static int cover_with_mmap(char *start)
{
	char *at = mmap(start, bytes(COVER_COUNT), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	return at == start ? 0 : -1;
}

static int cover_with_mremap(char *start)
{
	char *at = mremap(spare, bytes(COVER_COUNT), bytes(COVER_COUNT),
			  MREMAP_MAYMOVE | MREMAP_FIXED, start);

	return at == start ? 0 : -1;
}

static int cover(int slot, const char *how, char *start)
{
	char *middle = pages_at(start, COVER_FROM);

	victim_begin(slot);
	int result = strcmp(how, "mmap") == 0 ? cover_with_mmap(middle)
					      : cover_with_mremap(middle);
	victim_end(slot, result);
	return result;
}

static void check_covered(const char *how, char *start)
{
	char *middle = pages_at(start, COVER_FROM);
	char letter = strcmp(how, "mmap") == 0 ? 0 : LETTER;

	errno = EFAULT;
	victim_need(pages_hold(middle, COVER_COUNT, letter), "the new pages");
	pages_fill(middle, COVER_COUNT, 'd');
	victim_need(pages_hold(middle, COVER_COUNT, 'd'), "storing into the new pages");
	victim_need(!letter || !pages_are_mapped(spare, COVER_COUNT),
		    "what was moved is still there");
}

static void make_spare(void)
{
	spare = pages_map_memory(COVER_COUNT);
	pages_fill(spare, COVER_COUNT, LETTER);
}

static void check_both_ends(char *start)
{
	errno = EFAULT;
	victim_need(pages_hold(start, COVER_FROM, PAGES_DIRTY) &&
			    pages_hold(pages_at(start, COVER_END), PAGES_FILE - COVER_END,
				       PAGES_DIRTY),
		    "an end is not what it was");
}

static int run_over_live(char **arguments)
{
	const char *how = arguments[0];
	char *start = pages_map_dirty("held", arguments[1], PAGES_FILE);

	make_spare();
	if (cover(0, how, start) == 0)
		return victim_leave(VICTIM_STATUS);
	victim_need(pages_hold(start, PAGES_FILE, PAGES_DIRTY), "the mapping");
	victim_need(pages_hold(spare, COVER_COUNT, LETTER), "what was to be moved");
	await_driver();
	check_in_a_child(start, PAGES_FILE, PAGES_DIRTY);
	start = check_it_is_one(start);
	pages_fill(start, PAGES_FILE, PAGES_DIRTY);
	victim_need(cover(1, how, start) == 0, "with a healthy server");
	check_covered(how, start);
	check_both_ends(start);
	unmap(2, start, PAGES_FILE);
	return victim_leave(VICTIM_STATUS);
}

static int run_over_parked(char **arguments)
{
	const char *how = arguments[0];
	char *start = pages_map_dirty("held", arguments[1], PAGES_FILE);

	make_spare();
	unmap(0, start, PAGES_FILE);
	if (cover(1, how, start) == 0)
		return victim_leave(VICTIM_STATUS);
	victim_need(pages_hold(spare, COVER_COUNT, LETTER), "what was to be moved");
	await_driver();
	victim_need(cover(2, how, start) == 0, "with a healthy server");
	check_covered(how, start);
	await_gone(3, start, COVER_FROM);
	await_gone(3, pages_at(start, COVER_END), PAGES_FILE - COVER_END);
	victim_need(pages_hold(pages_at(start, COVER_FROM), COVER_COUNT, 'd'),
		    "the new pages, later");
	unmap(3, start, PAGES_FILE);
	return victim_leave(VICTIM_STATUS);
}

/* Where a mapping can be moved: a place that is ours, and has room. */
static char *make_room(void)
{
	return pages_map_memory(PAGES_FILE);
}

static int run_shrink(char **arguments)
{
	const int moves = MREMAP_MAYMOVE | MREMAP_FIXED;
	char *start = pages_map_dirty("held", arguments[0], PAGES_FILE);
	char *room = make_room();

	pages_fill(room, PAGES_FILE, LETTER);
	if (remap(0, start, PAGES_FILE, SHORT, 0, NULL) != MAP_FAILED)
		return victim_leave(VICTIM_STATUS);
	victim_need(pages_hold(start, PAGES_FILE, PAGES_DIRTY), "after a shrink");
	remap(1, start, PAGES_FILE, PAGES_FILE, moves, room);
	victim_need(pages_hold(start, PAGES_FILE, PAGES_DIRTY), "after a move");
	victim_need(pages_hold(room, PAGES_FILE, LETTER), "the goal of the move");
	await_driver();
	check_in_a_child(start, PAGES_FILE, PAGES_DIRTY);
	start = check_it_is_one(start);
	victim_need(remap(2, start, PAGES_FILE, PAGES_FILE, moves, room) == room,
		    "move it with a healthy server");
	victim_need(!pages_are_mapped(start, PAGES_FILE), "the old place");
	victim_need(remap(3, room, PAGES_FILE, SHORT, 0, NULL) == room,
		    "shrink it with a healthy server");
	victim_need(pages_hold(room, SHORT, PAGES_DIRTY), "what is left");
	victim_need(!pages_are_mapped(pages_at(room, SHORT), PAGES_FILE - SHORT),
		    "what was cut off");
	unmap(4, room, SHORT);
	return victim_leave(VICTIM_STATUS);
}

static int run_resize(char **arguments)
{
	char *start = pages_map_dirty("held", arguments[0], PAGES_FILE / 2);
	char *room = make_room();

	start = mremap(start, bytes(PAGES_FILE / 2), bytes(PAGES_FILE), MREMAP_MAYMOVE);
	victim_need(start != MAP_FAILED, "grow");
	victim_need(pages_hold(start, PAGES_FILE / 2, PAGES_DIRTY), "after growing");
	pages_fill(pages_at(start, PAGES_FILE / 2), PAGES_FILE / 2, PAGES_DIRTY);
	victim_need(mremap(start, bytes(PAGES_FILE), bytes(PAGES_FILE - SHORT), 0) ==
			    start,
		    "shrink");
	victim_need(pages_hold(start, PAGES_FILE - SHORT, PAGES_DIRTY),
		    "after shrinking");
	victim_need(!pages_are_mapped(pages_at(start, PAGES_FILE - SHORT), SHORT),
		    "what was cut off");
	victim_need(mremap(start, bytes(PAGES_FILE - SHORT), bytes(PAGES_FILE - SHORT),
			   MREMAP_MAYMOVE | MREMAP_FIXED, room) == room,
		    "move");
	victim_need(!pages_are_mapped(start, PAGES_FILE - SHORT), "the old place");
	victim_need(pages_hold(room, PAGES_FILE - SHORT, PAGES_DIRTY), "after the move");
	await_driver();
	pages_fill(room, PAGES_FILE - SHORT, PAGES_DIRTY);
	unmap(0, room, PAGES_FILE - SHORT);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "again", run_again },
						    { "over_live", run_over_live },
						    { "over_parked", run_over_parked },
						    { "shrink", run_shrink },
						    { "resize", run_resize },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
