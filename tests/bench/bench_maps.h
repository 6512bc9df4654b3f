/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MAPS_H
#define BENCH_MAPS_H

#include <stdio.h>

#include "bench_kinds.h"

/*
 * bench_maps.h - how long mmap and munmap take together, in this process as it is: stock
 * or preloaded. One thread.
 */

/* Measure memory and files, and memory again while a FUSE file is mapped; prints a line
   for each as bench_kinds_measure() does. */
void bench_maps_measure(const struct bench_places *places, FILE *to);

#endif
