/* SPDX-License-Identifier: MIT */
#ifndef CF_SAY_H
#define CF_SAY_H

#include <stdbool.h>

#include "text.h"

/*
 * say.h - lines on the program's stderr: few, whole, and never in the way.
 *
 * Floor 0. A line is written only while fd 2 is still what it was when we were
 * loaded (a program may have put a data file there), only if that cannot block,
 * and at most 16 times in a process. Async-signal-safe; errno is left alone.
 */

/* Begin, once: remember what fd 2 is. Nothing is ever said when `quiet`. */
void cf_say_begin(bool quiet);

/* Whether fd 2 may be written to, if it is a file: its mount may be the sick one. False
   until somebody who knows has said so. */
void cf_say_permit(bool is_safe);

/* Begin a line of ours in `bytes[room]`: `curfew[4711]: `. */
void cf_say_line(struct cf_text *line, char *bytes, size_t room);

/* Write the line, with a newline. */
void cf_say(struct cf_text *line);

/* A forked child may speak 16 times of its own. */
void cf_say_after_fork(void);

#endif
