/* SPDX-License-Identifier: MIT */
/*
 * empty_preload.c - a library that does nothing: what any preload costs.
 */
extern int bench_empty;
int bench_empty;
