/* SPDX-License-Identifier: MIT */
#ifndef CF_TASK_H
#define CF_TASK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * task.h - tasks that share the caller's memory and fd table but are no threads.
 *
 * Floor 0. A task is outside the thread group: the process can be reaped, and
 * setuid goes on, while the task is stuck in the kernel. It is made by the thread
 * that needs it, so it has *that* thread's fd table, also in a vfork child and
 * after unshare(CLONE_FILES). It has every signal blocked, no libc and no TLS of
 * its own, and runs on a small stack of ours. Nothing here allocates from malloc;
 * everything is async-signal-safe and leaves errno alone. Where pages cannot be wiped in a
 * forked child (see fork.h) there are no tasks.
 */

#define CF_TASK_ROOM_BYTES 8192 /* for the errand of one task */

struct cf_task {
	_Atomic int state;
	_Atomic int tid; /* the kernel clears it when the task has left our memory */
	int pid;
	bool (*is_over)(void *room); /* see cf_task_leave */
	void *room; /* CF_TASK_ROOM_BYTES for the errand, zeroed by the owner */
};

/*
 * A task to start, or NULL when there is no memory or 2,048 are under way. Also
 * reaps what earlier owners have left.
 */
struct cf_task *cf_task_get(void);

/* Give a task back that was never started, or that cf_task_reap() has reaped. */
void cf_task_put(struct cf_task *task);

enum cf_task_fds {
	CF_TASK_SHARES_FDS, /* the caller's table */
	CF_TASK_COPIES_FDS /* a table of its own, with a copy of each: it keeps what it does
			       not close, and its end flushes that */
};

/*
 * Start run(task->room). Returns 0 or -errno; then it was never started: -EPERM, too, where
 * it would be born in another pid namespace than the caller's.
 * run() is the code of a bare task: raw system calls only.
 */
long cf_task_start(struct cf_task *task, void (*run)(void *room), enum cf_task_fds fds);

/* Wait up to `length_ns` for the task to end; true when it has. A signal ends the wait early. */
bool cf_task_wait(struct cf_task *task, int64_t length_ns);

/* Whether it has ended. */
bool cf_task_is_gone(const struct cf_task *task);

/* End it at once (SIGKILL). */
void cf_task_end(struct cf_task *task);

/* Take a task that has ended from the kernel's list, so that no zombie stays. */
void cf_task_reap(struct cf_task *task);

/*
 * Leave a task that goes on: it owns its slot from now on. Whoever comes next after
 * its end asks is_over(room), if any, and uses the slot again when the answer is true.
 */
void cf_task_leave(struct cf_task *task, bool (*is_over)(void *room));

/* Whether the slot is still the caller's. Not so in a child that was forked, by a signal
   handler, while its parent waited: there the task and all that it held are gone. */
bool cf_task_is_held(const struct cf_task *task);

/*
 * Wait until a task that was just started has stored its mark in *word: until it has
 * left our file system context, an exec of a set-uid program would lose its rights. At
 * most 100 ms.
 */
void cf_task_await(const _Atomic int *word);

#endif
