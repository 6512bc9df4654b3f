/* SPDX-License-Identifier: MIT */
#ifndef BENCH_KINDS_H
#define BENCH_KINDS_H

#include <stdio.h>

/*
 * bench_kinds.h - how long a close takes, per kind of fd, in this process as it is:
 * stock or preloaded. One thread.
 */

#define BENCH_NAME_BYTES 40

/* Where there is something to open; NULL for none. */
struct bench_places {
	const char *local; /* a directory on a local disk */
	const char *fuse;  /* a healthy FUSE mount        */
};

/*
 * Measure every kind, and print a line for each: nanoseconds per operation (the median
 * of several batches), a space, and its name. Kinds that cannot be opened are left out.
 */
void bench_kinds_measure(const struct bench_places *places, FILE *to);

#endif
