/* SPDX-License-Identifier: MIT */
/*
 * sockets.c - a byte for each low number. Floor 1.
 */
#include "sockets.h"

#include <stdatomic.h>

#include "layout.h"

#define MOST 65536

static CF_TABLE _Atomic bool is_made[MOST];
static _Atomic bool lingers;

void cf_sockets_note_made(int fd)
{
	if (fd >= 0 && fd < MOST)
		atomic_store_explicit(&is_made[fd], true, memory_order_relaxed);
}

void cf_sockets_note_linger(void)
{
	atomic_store_explicit(&lingers, true, memory_order_relaxed);
}

bool cf_sockets_take(int fd)
{
	if (fd < 0 || fd >= MOST ||
	    !atomic_load_explicit(&is_made[fd], memory_order_relaxed))
		return false;
	atomic_store_explicit(&is_made[fd], false, memory_order_relaxed);
	return !atomic_load_explicit(&lingers, memory_order_relaxed);
}
