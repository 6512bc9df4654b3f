/* SPDX-License-Identifier: MIT */
#ifndef RECORDED_H
#define RECORDED_H

#include <cJSON.h>

/*
 * recorded.h - what was written to an events file. A line may come a little after the
 * call that it is about, on a busy machine: whoever writes it is waited for.
 */

/* The whole file once it holds `lines` lines, which is waited for; "" when there is none.
   Good until the next call. */
const char *recorded_lines(const char *path, int lines);

/* The only line of the file, parsed; cJSON_Delete() it. Fails the test when it is not
   one line of JSON. */
cJSON *recorded_event(const char *path);

/* A value of an event, which must be there and of this type. */
const char *recorded_string(const cJSON *event, const char *key);
int recorded_number(const cJSON *event, const char *key);

#endif
