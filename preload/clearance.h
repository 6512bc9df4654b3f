/* SPDX-License-Identifier: MIT */
#ifndef CF_CLEARANCE_H
#define CF_CLEARANCE_H

/*
 * clearance.h - empty an fd table whose program is gone: what cannot hang first, so that
 * pipes, locks and ports are free whatever becomes of the rest.
 *
 * Floor 0. Built like errand.c, for a bare task that has the table. Asks for nothing but
 * a list of /proc/self/fd, statx, setsockopt and close: it may run sealed.
 */

/* Close what cannot hang. Returns the end of what is left. */
int cf_clearance_begin(void);

/* Close what is left below `end`, what is on a sick mount last; and all above the numbers
   that are looked at one by one. May hang. */
void cf_clearance_end(int end);

#endif
