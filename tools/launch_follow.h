/* SPDX-License-Identifier: MIT */
#ifndef LAUNCH_FOLLOW_H
#define LAUNCH_FOLLOW_H

#include <sys/types.h>

/*
 * launch_follow.h - stand in for a child: signals for us are for it, and when it
 * stops we stop.
 */

/*
 * Wait for the child `program` to end; returns its wait status. Every signal must be
 * blocked, and a witness posted before the program was made. Signals that reach us are passed on, except those that the whole process
 * group got: the program has had them. When the program is stopped we stop ourselves by
 * the same signal, so that a shell sees it. Any other child that ends is reaped.
 */
int launch_follow(pid_t program);

#endif
