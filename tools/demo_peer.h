/* SPDX-License-Identifier: MIT */
#ifndef DEMO_PEER_H
#define DEMO_PEER_H

#include <stddef.h>

/*
 * demo_peer.h - a TCP peer on loopback that takes a connection and never reads.
 *
 * One at a time; one thread only.
 */

/*
 * Have it listen. Writes its port, for the victim, to `argument`. Returns NULL, or
 * why it cannot be done here; that text is valid until the next call.
 */
const char *demo_peer_set(char *argument, size_t bytes);

/* End it: the connection is reset, nobody lingers on it any longer. */
void demo_peer_free(void);

#endif
