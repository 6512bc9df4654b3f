/* SPDX-License-Identifier: MIT */
#ifndef LAUNCH_FOLLOW_H
#define LAUNCH_FOLLOW_H

#include "launch.h"

/*
 * launch_follow.h - stand in for a child: signals for us are for it, and when it
 * stops we stop.
 */

/*
 * Wait for the child end->pid to end; stores how it did. Every signal must be blocked, and
 * a witness posted before the program was made. Signals that reach us are passed on, except
 * those that the whole process group got: the program has had them. When the program is
 * stopped we stop ourselves by the same signal, so that a shell sees it. Any other child
 * that ends is reaped. The grace of the order begins and ends here.
 */
void launch_follow(struct launch_end *end, const struct launch_order *order);

#endif
