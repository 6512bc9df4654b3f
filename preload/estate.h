/* SPDX-License-Identifier: MIT */
#ifndef CF_ESTATE_H
#define CF_ESTATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * estate.h - give back the memory of a program that is gone, where a task still has it.
 *
 * Floor 0. Built like errand.c, for a bare task, which must be the last to need more than
 * keep.h lists. Asks for nothing but munmap: it may run sealed.
 */

/*
 * Unmap everything but what is kept and what is risky. What the kernel refuses (a sealed
 * mapping) stays, page by page.
 *
 * risky   `risky_after` finds ranges whose munmap may hang as cf_keep_after() does kept
 *         ones, in whole pages too, and none of those; NULL: nothing is risky. Built like
 *         errand.c.
 * errors  None. All stays where the list of what is kept is not complete, or where calls
 *         return by a shadow stack, which is nobody's to list.
 */
void cf_estate_release(bool (*risky_after)(uintptr_t at, uintptr_t *start,
					   uintptr_t *end));

/* Unmap what is risky, one range at a time. */
void cf_estate_release_risky(bool (*risky_after)(uintptr_t at, uintptr_t *start,
						 uintptr_t *end));

#endif
