/* SPDX-License-Identifier: MIT */
/*
 * bench_kinds.c - how long a close takes, per kind of fd.
 *
 * Closes alone are timed over a batch of fds that are open already; the kernel's own
 * work at the end of a file is in both numbers.
 */
#include "bench_kinds.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH	     128 /* fds that are open at once */
#define SMALL_BATCH  16	 /* of a kind that takes long */
#define MOST_BATCHES 31

typedef bool opener(const char *path, int fds[2]); /* one fd, or two */

struct kind {
	const char *name;
	opener *open;
	const char *path; /* NULL: cannot be opened here */
	bool is_slow;
};

static bool open_pipe(const char *path, int fds[2])
{
	(void)path;
	return pipe2(fds, O_CLOEXEC) == 0;
}

static bool open_socket(const char *path, int fds[2])
{
	(void)path;
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fds[0] != -1;
}

static bool open_memory(const char *path, int fds[2])
{
	fds[0] = memfd_create(path, MFD_CLOEXEC);
	return fds[0] != -1;
}

static bool open_to_read(const char *path, int fds[2])
{
	fds[0] = open(path, O_RDONLY | O_CLOEXEC);
	return fds[0] != -1;
}

static bool open_to_write(const char *path, int fds[2])
{
	fds[0] = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fds[0] != -1;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Nanoseconds for each of so many closes; -1 when nothing can be opened. */
static int64_t time_closes(const struct kind *kind, int batch)
{
	int fds[BATCH + 1], opened = 0;

	while (opened < batch) {
		fds[opened + 1] = -1;
		if (!kind->open(kind->path, &fds[opened]))
			return -1;
		opened += fds[opened + 1] == -1 ? 1 : 2;
	}
	int64_t began = now_ns();
	for (int i = 0; i < opened; i++)
		close(fds[i]);
	return (now_ns() - began) / opened;
}

/* Nanoseconds for opening one and closing it again. */
static int64_t time_round_trips(const struct kind *kind, int batch)
{
	int64_t began = now_ns();

	for (int i = 0; i < batch; i++) {
		int fds[2] = { -1, -1 };

		if (!kind->open(kind->path, fds))
			return -1;
		close(fds[0]);
		if (fds[1] != -1)
			close(fds[1]);
	}
	return (now_ns() - began) / batch;
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void measure(const struct kind *kind, const char *prefix,
		    int64_t (*time_batch)(const struct kind *, int), FILE *to)
{
	int64_t times[MOST_BATCHES];

	for (int i = 0; i < MOST_BATCHES; i++) {
		times[i] = time_batch(kind, kind->is_slow ? SMALL_BATCH : BATCH);
		if (times[i] < 0)
			return;
	}
	qsort(times, MOST_BATCHES, sizeof(*times), compare);
	fprintf(to, "%lld %s%s\n", (long long)times[MOST_BATCHES / 2], prefix,
		kind->name);
}

static const char *in(const char *directory, char *path, size_t room)
{
	if (!directory)
		return NULL;
	snprintf(path, room, "%s/free-bench-file", directory);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return NULL;
	close(fd);
	return path;
}

void bench_kinds_measure(const struct bench_places *places, FILE *to)
{
	char local[4096], memory[64], fuse[4096];
	const struct kind kinds[] = {
		{ "pipe", open_pipe, "", false },
		{ "socket", open_socket, "", false },
		{ "tmpfs", open_to_read, in("/dev/shm", memory, sizeof(memory)), false },
		{ "local file", open_to_read, in(places->local, local, sizeof(local)),
		  false },
		{ "memfd", open_memory, "bench", false },
		{ "/dev/null", open_to_read, "/dev/null", false },
		{ "FUSE, read", open_to_read, in(places->fuse, fuse, sizeof(fuse)),
		  true },
		{ "FUSE, written", open_to_write, places->fuse ? fuse : NULL, true },
	};
	size_t count = sizeof(kinds) / sizeof(*kinds);

	for (size_t i = 0; i < count; i++) {
		if (kinds[i].path)
			measure(&kinds[i], "", time_closes, to);
	}
	for (size_t i = 0; i < count; i++) {
		if (kinds[i].path)
			measure(&kinds[i], "open + ", time_round_trips, to);
	}
	if (kinds[2].path)
		unlink(memory);
	if (kinds[3].path)
		unlink(local);
}
