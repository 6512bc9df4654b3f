/* SPDX-License-Identifier: MIT */
#ifndef RUN_ENVIRONMENT_H
#define RUN_ENVIRONMENT_H

#include <stdbool.h>

#include "run_options.h"

/*
 * run_environment.h - the environment that the program will get, made in our own.
 */

/*
 * Put the options, our library and everything that the user had set before into the
 * environment, and check all of it, so that the library will find nothing to
 * complain about. Stores in *off whether the library was told to stand aside.
 *
 * errors  False after one line on stderr.
 */
bool run_environment_prepare(const struct run_options *options, bool *off);

#endif
