/* SPDX-License-Identifier: MIT */
/*
 * victim_malloc.c - brings its own malloc, which is interrupted while it is at work
 * by a signal whose handler closes a pipe and a file (call 0). Number 0: how often
 * malloc was entered meanwhile; a malloc with a lock would wait for itself.
 *
 *   interrupted PATH
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"

#define HEAP_BYTES (8 << 20)
#define ALIGNMENT  64

static _Alignas(ALIGNMENT) char heap[HEAP_BYTES];
static _Atomic size_t used;
static volatile sig_atomic_t is_inside, is_armed;
static int file, ends[2];

struct block {
	size_t size;
	char padding[ALIGNMENT - sizeof(size_t)];
};

void *malloc(size_t size)
{
	if (is_inside)
		victim_marks->number[0]++;
	if (is_armed) {
		is_armed = 0;
		is_inside = 1;
		raise(SIGUSR1);
		is_inside = 0;
	}
	size_t room =
		sizeof(struct block) + (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	size_t at = (used += room) - room;
	if (at + room > HEAP_BYTES)
		return NULL;
	struct block *block = (void *)(heap + at);
	block->size = size;
	return block + 1;
}

void free(void *memory)
{
	(void)memory;
	if (is_inside)
		victim_marks->number[0]++;
}

void *calloc(size_t count, size_t size)
{
	return malloc(count * size); /* the heap is zero and never used twice */
}

void *realloc(void *memory, size_t size)
{
	void *grown = malloc(size);

	if (grown && memory) {
		size_t before = ((struct block *)memory)[-1].size;

		memcpy(grown, memory, before < size ? before : size);
	}
	return grown;
}

static void close_all(int number)
{
	int error = errno;

	(void)number;
	close(ends[0]);
	close(ends[1]);
	victim_close(0, file);
	errno = error;
}

static int run_interrupted(char **arguments)
{
	victim_need(pipe(ends) == 0, "pipe");
	file = victim_open(arguments[0], O_RDONLY);
	signal(SIGUSR1, close_all);
	is_armed = 1;
	victim_need(malloc(100) != NULL, "malloc");
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "interrupted", run_interrupted },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
