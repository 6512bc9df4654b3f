/* SPDX-License-Identifier: MIT */
#ifndef WEDGE_GATE_H
#define WEDGE_GATE_H

#include <fuse_lowlevel.h>
#include <stdbool.h>

#include "wedge_files.h"
#include "wedgefs.h"

/*
 * wedge_gate.h - the requests that obey the control page: each is answered at
 * once, or waits here without a thread until its order is lifted.
 *
 * One thread only. A request that was handed in belongs to the gate, which
 * answers it exactly once; the counters of the control page are kept here.
 */

struct wedge_request {
	fuse_req_t fuse;
	enum wedge_operation operation;
	struct wedge_file *file; /* alive until the answer: the kernel has it open */
	const char *bytes;	 /* of a WEDGE_WRITE; copied when it has to wait   */
	size_t size;
	off_t offset;
};

/* Name the page that is obeyed; with `without_flush` FLUSH is answered ENOSYS. */
void wedge_gate_open(struct wedge_control *control, bool without_flush);

/* Hand one request in. */
void wedge_gate_take(const struct wedge_request *request);

/* Answer, oldest first, those that need not wait any longer. */
void wedge_gate_release(void);

/* Whether any request waits, so that wedge_gate_release() has to be called again. */
bool wedge_gate_waits(void);

#endif
