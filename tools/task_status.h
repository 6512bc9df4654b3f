/* SPDX-License-Identifier: MIT */
#ifndef TASK_STATUS_H
#define TASK_STATUS_H

#include <stdbool.h>

/*
 * task_status.h - what /proc/.../status says of a task.
 *
 * The one file of its kind that can always be read: stat, cmdline, maps, exe and even wchan
 * wait for a task that is stuck in an exec.
 */

struct task_status {
	char name[64];
	char state;	 /* R, S, D, Z, ... as proc(5) has them              */
	bool has_memory; /* false once it has given it back, near its end    */
};

/* Read DIRECTORY/status, such as that of /proc/4711; false when there is no such task. */
bool task_status_read(struct task_status *status, const char *directory);

#endif
