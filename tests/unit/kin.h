/* SPDX-License-Identifier: MIT */
#ifndef KIN_H
#define KIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * kin.h - the children of a process, tasks of ours among them, as /proc has them.
 *
 * Only for processes whose children are never in the middle of an exec.
 */

/* How many children of `parent`, ended and unreaped ones included, are called so. */
int kin_count(pid_t parent, const char *name);

/* One of them, or 0. */
pid_t kin_find(pid_t parent, const char *name);

/* What stands after "KEY:" and its white space in /proc/PID/status, or "". Good until
   the next call. */
const char *kin_status(pid_t pid, const char *key);

/* End, by SIGKILL, the child of this process that is called so, once there is one. */
void kin_end(const char *name);

/* Whether the process comes to sleep in system call `number`, within 5 s. */
bool kin_await_asleep(pid_t pid, long number);

/* Start a process that ends, by SIGKILL, the first child of this one that is called
   so and sleeps in system call `number`. */
void kin_end_when_asleep(const char *name, long number);

#endif
