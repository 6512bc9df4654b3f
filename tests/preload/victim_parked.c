/* SPDX-License-Identifier: MIT */
/*
 * victim_parked.c - closes a crowd of descriptors of one mount.
 *
 *   many HOW PATH COUNT THREADS   closes them (call 0); step 1; when the driver says 1,
 *                   looks until none of the numbers is open any more (call 1); step 2;
 *                   leaves when the driver says 2. Number 3: by how many KiB its memory
 *                   has grown
 *   leave HOW PATH COUNT THREADS  closes them (call 0) and leaves
 *   numbers PATH OTHER   closes 200 (call 0), then uses what is left of the numbers:
 *                   dup2 of OTHER (call 1), dup3 of it (call 2), and what must fail
 *   ranges PATH OTHER    the same, then close_range over all of them: CLOEXEC (call 1),
 *                   UNSHARE in a thread (call 2), plain (call 3)
 *   replaced PATH OTHER  closes 400 (call 0), then 8 threads put files OTHER0, ... onto the numbers,
 *                   and open others: some (call 1), step 1, the rest (call 2); when the
 *                   driver says 1 they look again. Number 3: how many they have put
 *
 * HOW is `read` (one file, each close gives 0) or `written` (PATH0, PATH1, ..., EIO). Other
 * numbers: see crowd_close().
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"
#include "victim_crowd.h"

#define FEW	   200 /* more than there are hands */
#define NOT_SO_FEW 400
#define THREADS	   8
#define FIRST_PUT  2   /* by each thread, while the mount is dead */
#define MOST_PUT   64  /* by each thread                          */
#define HIGH	   400 /* above them all */

static const int *parked;
static int parked_count;

static long resident_kib(void)
{
	char text[8192];
	int fd = victim_open("/proc/self/status", O_RDONLY);
	ssize_t size = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[size > 0 ? size : 0] = '\0';
	const char *line = strstr(text, "VmRSS:");
	victim_need(line != NULL, "VmRSS");
	return atol(line + strlen("VmRSS:"));
}

static void open_and_close(char **arguments)
{
	int is_written = strcmp(arguments[0], "written") == 0;

	(is_written ? crowd_create : crowd_open)(arguments[1], atoi(arguments[2]));
	long before = resident_kib();
	crowd_close(0, atoi(arguments[3]), is_written ? -1 : 0);
	victim_marks->number[3] = resident_kib() - before;
}

static int run_many(char **arguments)
{
	int left;

	open_and_close(arguments);
	victim_step(1);
	victim_await(1);
	victim_begin(1);
	for (crowd_open_ones(&left); left > 0; crowd_open_ones(&left))
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	victim_end(1, 0);
	victim_step(2);
	victim_await(2);
	return victim_leave(VICTIM_STATUS);
}

static int run_leave(char **arguments)
{
	open_and_close(arguments);
	return victim_leave(VICTIM_STATUS);
}

static void park_some(const char *path, int count)
{
	crowd_open(path, count);
	crowd_close(0, 1, 0);
	parked = crowd_open_ones(&parked_count);
	crowd_expect(parked_count >= count / 2, "most of the numbers are parked");
	victim_need(parked_count >= 4, "parked numbers");
	for (int i = 0; i < parked_count; i++)
		crowd_expect(crowd_flags(parked[i]) == 0, "FD_CLOEXEC is cleared");
}

static void use_as_source(int number, int other)
{
	int target = dup(other);

	crowd_expect(crowd_is_bad(close(number)), "close: EBADF");
	crowd_expect(crowd_is_bad(dup(number)), "dup: EBADF");
	crowd_expect(crowd_is_bad(dup2(number, target)), "dup2 from it: EBADF");
	crowd_expect(crowd_is_bad(dup3(number, target, O_CLOEXEC)),
		     "dup3 from it: EBADF");
	crowd_expect(crowd_is_bad(dup2(number, number)), "dup2 onto itself: EBADF");
	crowd_expect(dup3(number, number, 0) == -1 && errno == EINVAL,
		     "dup3 onto itself: EINVAL");
	crowd_expect(crowd_is_same(target, other), "a failed dup2 leaves its target");
	crowd_expect(crowd_is_bad(close(number)), "close again: EBADF");
	crowd_expect(crowd_is_open(number), "it is still parked");
	close(target);
}

static void use_as_target(int slot, int number, int other, int flags)
{
	victim_begin(slot);
	int result = flags ? dup3(other, number, flags) : dup2(other, number);
	victim_end(slot, result);
	crowd_expect(result == number, "dup2 onto it gives the number");
	crowd_expect(crowd_is_same(number, other), "the number is the new file");
	crowd_expect(crowd_flags(number) == (flags ? FD_CLOEXEC : 0), "its FD_CLOEXEC");
	crowd_expect(close(number) == 0, "the new file is closed");
	crowd_expect(crowd_is_bad(close(number)), "and closed only once");
	crowd_expect(!crowd_is_open(number), "the number is free");
}

static int run_numbers(char **arguments)
{
	int other = victim_open(arguments[1], O_RDONLY);

	park_some(arguments[0], FEW);
	use_as_source(parked[0], other);
	use_as_target(1, parked[1], other, 0);
	use_as_target(2, parked[2], other, O_CLOEXEC);
	for (int i = 3; i < parked_count; i++)
		crowd_expect(crowd_is_bad(close(parked[i])),
			     "close of the others: EBADF");
	crowd_expect(crowd_is_open(parked[3]), "they are still parked");
	return crowd_leave();
}

static void close_them_all(int slot, int flags)
{
	victim_begin(slot);
	victim_end(slot, close_range(STDERR_FILENO + 1, ~0U, flags));
}

static void *close_them_all_in_own_table(void *high)
{
	close_them_all(2, CLOSE_RANGE_UNSHARE);
	crowd_expect(!crowd_is_open(*(int *)high), "closed in the table of its own");
	crowd_expect(crowd_is_bad(close(parked[0])), "close there: EBADF");
	return NULL;
}

static int run_ranges(char **arguments)
{
	int low = victim_open(arguments[1], O_RDONLY), high;
	pthread_t thread;

	park_some(arguments[0], FEW);
	high = fcntl(low, F_DUPFD, HIGH);
	victim_need(high != -1, "F_DUPFD");
	close_them_all(1, CLOSE_RANGE_CLOEXEC);
	crowd_expect(crowd_flags(low) == FD_CLOEXEC && crowd_flags(high) == FD_CLOEXEC,
		     "CLOSE_RANGE_CLOEXEC marks the others");
	for (int i = 0; i < parked_count; i++)
		crowd_expect(crowd_flags(parked[i]) == 0, "and no parked number");
	pthread_create(&thread, NULL, close_them_all_in_own_table, &high);
	pthread_join(thread, NULL);
	crowd_expect(crowd_is_open(low) && crowd_is_open(high),
		     "CLOSE_RANGE_UNSHARE leaves the table of the others");
	close_them_all(3, 0);
	crowd_expect(!crowd_is_open(low) && !crowd_is_open(high),
		     "the others are closed");
	for (int i = 0; i < parked_count; i++)
		crowd_expect(crowd_is_open(parked[i]) && crowd_is_bad(close(parked[i])),
			     "parked before, parked after");
	return crowd_leave();
}

struct putter {
	int index;
	int own;	       /* a file of its own */
	int put[2 * MOST_PUT]; /* the numbers it has become */
	int count;
	char path[4096];
};

static struct putter putters[THREADS];
static pthread_barrier_t barrier;
static _Atomic char is_taken[CROWD_MOST];

/* Whoever takes a number first has it: open() gives numbers of the others, too, once a
   recovering mount has given them back. */
static int take(int number)
{
	victim_need(number >= 0 && number < CROWD_MOST, "a number");
	return !atomic_exchange(&is_taken[number], 1);
}

static void put(struct putter *putter, int number)
{
	int result;

	if (take(number)) {
		do /* EBUSY: an open() of another thread is about to take the number */
			result = dup2(putter->own, number);
		while (result == -1 && errno == EBUSY);
		crowd_expect(result == number, "dup2 onto it");
		putter->put[putter->count++] = number;
	}
	int opened = victim_open(putter->path, O_RDONLY);
	if (take(opened))
		putter->put[putter->count++] = opened;
}

static void look_again(const struct putter *putter)
{
	char index = 0;

	for (int i = 0; i < putter->count; i++) {
		crowd_expect(crowd_is_same(putter->put[i], putter->own),
			     "a number is what was put there");
		crowd_expect(pread(putter->put[i], &index, 1, 0) == 1 &&
				     index == '0' + putter->index,
			     "and holds what that file holds");
	}
}

/* The last thread to arrive notes the time. */
static void meet(void (*note)(int), int slot)
{
	if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD && note)
		note(slot);
	pthread_barrier_wait(&barrier);
}

static void begin(int slot)
{
	victim_begin(slot);
}

static void end(int slot)
{
	victim_end(slot, 0);
	victim_step(slot);
}

static void *put_in_turn(void *argument)
{
	struct putter *putter = argument;
	int turn = 0, at = putter->index;

	meet(begin, 1);
	for (; turn < FIRST_PUT; turn++, at += THREADS)
		put(putter, parked[at]);
	meet(end, 1);
	meet(begin, 2);
	for (; turn < MOST_PUT && at < parked_count; turn++, at += THREADS) {
		put(putter, parked[at]);
		nanosleep(&(struct timespec){ 0, 200000 }, NULL);
	}
	meet(end, 2);
	look_again(putter);
	victim_await(1);
	look_again(putter);
	return NULL;
}

static void equip(struct putter *putter, int index, const char *prefix)
{
	putter->index = index;
	snprintf(putter->path, sizeof(putter->path), "%s%d", prefix, index);
	putter->own = victim_open(putter->path, O_RDWR | O_CREAT);
	victim_need(dprintf(putter->own, "%d", index) == 1, "write");
}

static int run_replaced(char **arguments)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		equip(&putters[i], i, arguments[1]);
	park_some(arguments[0], NOT_SO_FEW);
	victim_need(parked_count >= THREADS * FIRST_PUT, "parked numbers");
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, put_in_turn, &putters[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		victim_marks->number[3] += putters[i].count;
	}
	return crowd_leave();
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "many", run_many },	      { "leave", run_leave },
		{ "numbers", run_numbers },   { "ranges", run_ranges },
		{ "replaced", run_replaced }, { NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
