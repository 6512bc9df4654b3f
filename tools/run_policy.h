/* SPDX-License-Identifier: MIT */
#ifndef RUN_POLICY_H
#define RUN_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"

/*
 * run_policy.h - what the command asks of the library's table of options.
 */

/* The class called `name[length]`; false when there is none. */
bool run_policy_class(const char *name, size_t length, enum cf_class *class);

/* Store "file, write, socket, mmap, curl or other" in buffer[bytes]; returns buffer. */
const char *run_policy_classes(char *buffer, size_t bytes);

/* Store the environment variable that carries the deadline of a class. */
const char *run_policy_variable(char *buffer, size_t bytes, enum cf_class class);

/* What an environment variable of ours takes, in words; "" for a stranger. */
const char *run_policy_takes(const char *variable);

#endif
