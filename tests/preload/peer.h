/* SPDX-License-Identifier: MIT */
#ifndef PEER_H
#define PEER_H

#include <stdint.h>

/*
 * peer.h - the deaf peer of a lingering victim: it accepts and does not read until it
 * is asked to.
 *
 * One thread, one connection at a time. What cannot be done fails the test.
 */

/* Listen on loopback with a small buffer. Returns the port. */
int peer_listen(void);

/* Accept the connection; at most 5 s. */
void peer_accept(void);

/* Read to the end; at most 10 s between two reads. Returns the number of bytes, or -1
   with errno when the connection was reset. Fails the test unless byte number N is N
   modulo 251. */
int64_t peer_read_everything(void);

/* Close everything. */
void peer_end(void);

#endif
