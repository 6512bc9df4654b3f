/* SPDX-License-Identifier: MIT */
#ifndef LINGERING_H
#define LINGERING_H

#include <stddef.h>

/*
 * lingering.h - a TCP connection over loopback whose close() waits for a peer that
 * does not read: the hang that every machine can make.
 */

struct lingering {
	int fd;	     /* lingers, and its buffer is full */
	int peer;    /* has read nothing                */
	size_t sent; /* bytes that the peer must get    */
};

/* Make one that lingers for `seconds`. Fails the test when it cannot. */
struct lingering lingering_make(int seconds);

/* Read the peer's end dry, until the end of the stream or for 5 s; returns the bytes. */
size_t lingering_drain(const struct lingering *connection);

#endif
