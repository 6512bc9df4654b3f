/* SPDX-License-Identifier: MIT */
#ifndef REFUSE_H
#define REFUSE_H

/*
 * refuse.h - what the command has to say, one line at a time, on stderr.
 */

/* Write one line; control characters in it, newlines too, become '?'. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same while a program needs us: when nobody has read for a second, and there is no room,
   the line is lost. */
void say_in_passing(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, for a refusal: returns EXIT_OWN_FAILURE. */
int refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
