/* SPDX-License-Identifier: MIT */
#ifndef WEDGEFS_H
#define WEDGEFS_H

#include <stdint.h>

/*
 * wedgefs.h - the control page of wedgefs, a FUSE server that hangs on command.
 *
 * wedgefs keeps its files in memory and serves MOUNTPOINT until it is ended. The
 * file CONTROL holds one struct wedge_control; whoever maps it MAP_SHARED gives
 * orders by storing into it and reads the counters. Every field is one machine
 * word that is read and written with C11 atomics; nothing else synchronises.
 *
 * Files whose name begins with "free" never hang and are never slowed; all
 * others obey. A dead server lets every caller go: its end closes /dev/fuse,
 * and the kernel then fails what was waiting with ECONNABORTED, and whatever
 * comes later with ENOTCONN.
 */

enum wedge_operation {
	WEDGE_FLUSH,   /* sent by every close() of a descriptor       */
	WEDGE_WRITE,   /* sent by write(), or by write-back of a page */
	WEDGE_FSYNC,   /* sent by fsync() and msync()                 */
	WEDGE_RELEASE, /* sent after the last close; nobody waits     */
	WEDGE_OPERATIONS
};

struct wedge_control {
	_Atomic uint32_t ready;	      /* 1 once the mount is served                    */
	_Atomic uint32_t pid;	      /* of the server                                 */
	_Atomic uint32_t hang;	      /* mask of 1 << wedge_operation: these wait ...  */
	_Atomic uint32_t delay_ms;    /* every FLUSH waits this long first             */
	_Atomic uint32_t flush_errno; /* FLUSH answers this; 0 is success             */
	_Atomic uint32_t waiting[WEDGE_OPERATIONS]; /* how many wait right now        */
	_Atomic uint32_t seen[WEDGE_OPERATIONS];    /* how many came since the start  */
};

#endif
