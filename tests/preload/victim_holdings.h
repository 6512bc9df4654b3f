/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_HOLDINGS_H
#define VICTIM_HOLDINGS_H

/*
 * victim_holdings.h - what a victim holds and others wait for: an flock, a listening port
 * and the write end of a fifo, all close-on-exec.
 *
 * Once in a process. Failures end the victim.
 */

/* Take them; the port is number 0. */
void holdings_take(const char *lock, const char *fifo);

#endif
