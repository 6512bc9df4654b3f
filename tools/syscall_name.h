/* SPDX-License-Identifier: MIT */
#ifndef SYSCALL_NAME_H
#define SYSCALL_NAME_H

#include <stddef.h>

/*
 * syscall_name.h - a line of /proc/PID/syscall for people.
 */

/* Store in name[bytes] which call a thread is in: "close", "system call 4711", or nothing
   when the line does not tell. */
void syscall_name(char *name, size_t bytes, const char *line);

#endif
