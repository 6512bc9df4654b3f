/* SPDX-License-Identifier: MIT */
#ifndef GATE_H
#define GATE_H

#include "errand.h"

/*
 * gate.h - a call that hangs until the test lets it go: a read of an empty pipe.
 */

struct gate {
	int fd;	    /* the argument of the call */
	int opener; /* a byte in here lets one call go */
};

/* Make one. Fails the test when it cannot. */
struct gate gate_shut(void);

/* The call that hangs on it; it returns 1 once let go. */
struct cf_call gate_call(const struct gate *gate);

/* Let `calls` of them go. */
void gate_open(const struct gate *gate, int calls);

/* Let one go `length_ms` from now, by a process of its own. */
void gate_open_late(const struct gate *gate, int64_t length_ms);

#endif
