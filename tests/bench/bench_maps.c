/* SPDX-License-Identifier: MIT */
/*
 * bench_maps.c - a page is mapped and unmapped again, touched or not.
 */
#include "bench_maps.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define BATCH	   256
#define BATCHES	   61

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void *map(int fd)
{
	return mmap(NULL, PAGE_BYTES, PROT_READ,
		    fd == -1 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
}

static int64_t time_batch(int fd)
{
	int64_t began = now_ns();

	for (int i = 0; i < BATCH; i++) {
		void *page = map(fd);

		if (page == MAP_FAILED)
			return -1;
		munmap(page, PAGE_BYTES);
	}
	return (now_ns() - began) / BATCH;
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void measure(int fd, const char *name, FILE *to)
{
	int64_t times[BATCHES];

	for (int i = 0; i < BATCHES; i++) {
		times[i] = time_batch(fd);
		if (times[i] < 0)
			return;
	}
	qsort(times, BATCHES, sizeof(*times), compare);
	fprintf(to, "%lld mmap + munmap, %s\n", (long long)times[BATCHES / 2], name);
}

static int open_page(const char *directory)
{
	char path[4096];

	if (!directory)
		return -1;
	snprintf(path, sizeof(path), "%s/free-bench-page", directory);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd != -1 && ftruncate(fd, PAGE_BYTES) == -1) {
		close(fd);
		fd = -1;
	}
	unlink(path);
	return fd;
}

void bench_maps_measure(const struct bench_places *places, FILE *to)
{
	int local = open_page(places->local), fuse = open_page(places->fuse);

	measure(-1, "memory", to);
	if (local != -1)
		measure(local, "local file", to);
	if (fuse != -1) {
		void *page = map(fuse);

		measure(-1, "memory, with FUSE", to);
		measure(fuse, "FUSE file", to);
		munmap(page, PAGE_BYTES);
	}
	close(local);
	close(fuse);
}
