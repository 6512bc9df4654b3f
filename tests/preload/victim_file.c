/* SPDX-License-Identifier: MIT */
/*
 * victim_file.c - closes files, one or many, and ends with status 7.
 *
 *   read PATH            not opened for writing                          call 0
 *   written PATH         created, 64 KiB written                         call 0
 *   again PATH PATH      read, twice; the driver says when to go on      calls 0, 1
 *   thrice PATH PATH PATH   read, one by one; steps 1 and 2 after the first and the
 *                        second; the driver says 2 before the third    calls 0, 1, 2
 *   mixed READ WRITTEN   a read one, then a written one                  calls 0, 1
 *   turn PREFIX COUNT THREADS   PREFIX0, PREFIX1, ... one after another  call 0 is
 *                        all of them; numbers: 0 the slowest close of a pipe or a
 *                        local file meanwhile, 1 how many of those, 2 failures
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

#define MOST_FILES   256
#define MOST_THREADS 16

static int open_written(const char *path)
{
	static char page[65536];
	int fd = victim_open(path, O_RDWR | O_CREAT);

	memset(page, 'x', sizeof(page));
	victim_need(write(fd, page, sizeof(page)) == sizeof(page), "write");
	return fd;
}

static int run_read(char **arguments)
{
	victim_close(0, victim_open(arguments[0], O_RDONLY));
	return victim_leave(VICTIM_STATUS);
}

static int run_written(char **arguments)
{
	victim_close(0, open_written(arguments[0]));
	return victim_leave(VICTIM_STATUS);
}

static int run_again(char **arguments)
{
	victim_close(0, victim_open(arguments[0], O_RDONLY));
	victim_step(1);
	victim_await(1);
	victim_close(1, victim_open(arguments[1], O_RDONLY));
	return victim_leave(VICTIM_STATUS);
}

static int run_thrice(char **arguments)
{
	victim_close(0, victim_open(arguments[0], O_RDONLY));
	victim_step(1);
	victim_close(1, victim_open(arguments[1], O_RDONLY));
	victim_step(2);
	victim_await(2);
	victim_close(2, victim_open(arguments[2], O_RDONLY));
	return victim_leave(VICTIM_STATUS);
}

static int run_mixed(char **arguments)
{
	int read_only = victim_open(arguments[0], O_RDONLY);
	int written = open_written(arguments[1]);

	victim_close(0, read_only);
	victim_close(1, written);
	return victim_leave(VICTIM_STATUS);
}

static int files[MOST_FILES];
static int file_count;
static _Atomic int next_file;
static _Atomic int is_over;

static void *close_in_turn(void *unused)
{
	(void)unused;
	for (int i = next_file++; i < file_count; i = next_file++) {
		if (close(files[i]) != 0)
			victim_marks->number[2]++;
	}
	return NULL;
}

static int64_t close_and_measure(int fd)
{
	struct timespec before, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	close(fd);
	clock_gettime(CLOCK_MONOTONIC, &after);
	return (after.tv_sec - before.tv_sec) * INT64_C(1000000000) + after.tv_nsec -
	       before.tv_nsec;
}

static void *close_harmless_ones(void *unused)
{
	const char *local = getenv("CURFEW_TEST_MARKS");
	int ends[2];

	(void)unused;
	while (!is_over) {
		victim_need(pipe(ends) == 0, "pipe");
		int fds[] = { ends[0], ends[1], victim_open(local, O_RDWR) };

		for (int i = 0; i < 3; i++) {
			int64_t took_ns = close_and_measure(fds[i]);

			if (took_ns > victim_marks->number[0])
				victim_marks->number[0] = took_ns;
			victim_marks->number[1]++;
		}
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	return NULL;
}

static void open_all(const char *prefix, int count)
{
	char path[4096];

	victim_need(count <= MOST_FILES, "so many files");
	for (file_count = 0; file_count < count; file_count++) {
		snprintf(path, sizeof(path), "%s%d", prefix, file_count);
		files[file_count] = victim_open(path, O_RDONLY);
	}
}

static int run_turn(char **arguments)
{
	int thread_count = atoi(arguments[2]);
	pthread_t harmless, threads[MOST_THREADS];

	victim_need(thread_count <= MOST_THREADS, "so many threads");
	open_all(arguments[0], atoi(arguments[1]));
	pthread_create(&harmless, NULL, close_harmless_ones, NULL);
	victim_begin(0);
	for (int i = 0; i < thread_count; i++)
		pthread_create(&threads[i], NULL, close_in_turn, NULL);
	for (int i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	victim_end(0, 0);
	is_over = 1;
	pthread_join(harmless, NULL);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "read", run_read },	{ "written", run_written },
		{ "again", run_again }, { "thrice", run_thrice },
		{ "mixed", run_mixed }, { "turn", run_turn },
		{ NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
