/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOADER_H
#define BENCH_LOADER_H

#include <stdio.h>

/*
 * bench_loader.h - how long dlsym takes, and dlopen of what is loaded already, in this
 * process as it is: stock or preloaded. One thread.
 */

/* Prints a line for each as bench_kinds_measure() does. */
void bench_loader_measure(FILE *to);

#endif
