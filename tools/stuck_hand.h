/* SPDX-License-Identifier: MIT */
#ifndef STUCK_HAND_H
#define STUCK_HAND_H

#include <stdbool.h>

/*
 * stuck_hand.h - a hand of the library that outlives its program in our pid namespace.
 */

/*
 * Does a hand wait on in our pid namespace, of which we are process 1? The kernel will let
 * us end only when that is over. A hand that is about to end is given 100 ms.
 */
bool stuck_hand_is_left(void);

#endif
