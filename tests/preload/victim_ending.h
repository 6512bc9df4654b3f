/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_ENDING_H
#define VICTIM_ENDING_H

/*
 * victim_ending.h - what of victim_ending is C++.
 *
 * Any thread, once.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* From now on a static object joins a thread without end when it is destroyed. */
void ending_construct_joiner(void);

#ifdef __cplusplus
}
#endif

#endif
