/* SPDX-License-Identifier: MIT */
/*
 * bench_loader.c - names that are none of libcurl's are looked up, and a library is opened
 * once more and closed.
 */
#include "bench_loader.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define LIBRARY "libc.so.6"
#define BATCH	2000
#define BATCHES 61

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void look_up(void *library)
{
	dlsym(library, "qsort");
}

static void open_again(void *library)
{
	(void)library;
	dlclose(dlopen(LIBRARY, RTLD_NOW));
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void measure(void (*call)(void *), void *library, const char *name, FILE *to)
{
	int64_t times[BATCHES];

	for (int i = 0; i < BATCHES; i++) {
		int64_t began = now_ns();

		for (int j = 0; j < BATCH; j++)
			call(library);
		times[i] = (now_ns() - began) / BATCH;
	}
	qsort(times, BATCHES, sizeof(*times), compare);
	fprintf(to, "%lld %s\n", (long long)times[BATCHES / 2], name);
}

void bench_loader_measure(FILE *to)
{
	void *library = dlopen(LIBRARY, RTLD_NOW);

	if (!library)
		return;
	measure(look_up, library, "dlsym", to);
	measure(open_again, library, "dlopen + dlclose", to);
	dlclose(library);
}
