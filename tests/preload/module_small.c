/* SPDX-License-Identifier: MIT */
/*
 * module_small.c - a module that has nothing to do with libcurl.
 */
__attribute__((visibility("default"))) extern const int module_small;

const int module_small = 1;
