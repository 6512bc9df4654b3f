/* SPDX-License-Identifier: MIT */
#ifndef STUCK_THREAD_H
#define STUCK_THREAD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * stuck_thread.h - which thread keeps a process from ending, and what it waits in.
 */

struct stuck_thread {
	pid_t tid;
	char place[128]; /* " in close (request_wait_answer)"; empty when not readable */
};

/*
 * Look at a process that SIGKILL or its own exit should have ended: a thread in an
 * uninterruptible sleep, else one that sleeps. False when all are gone, or at work.
 *
 * time  Reads the place in a child of ours, as that can hang: waits 200 ms for it. All
 *       signals must be blocked; whoever reaps our children reaps this one.
 */
bool stuck_thread_find(struct stuck_thread *thread, pid_t process);

#endif
