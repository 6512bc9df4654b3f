/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CURL_H
#define BENCH_CURL_H

#include <stdio.h>

/*
 * bench_curl.h - how long curl_multi_cleanup takes with idle connections, in this process
 * as it is: stock or preloaded. One thread.
 */

/* Measure with 0, 1 and 100 connections to a server on loopback that ends with us, and
   print a line for each as bench_kinds_measure() does. */
void bench_curl_measure(FILE *to);

#endif
