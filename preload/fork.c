/* SPDX-License-Identifier: MIT */
/*
 * fork.c - one word in a page that a forked child finds empty. Floor 0.
 */
#include "fork.h"

#include <linux/kcmp.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "pool.h"
#include "raw.h"

enum { NEW_PROCESS, SETTLING, SETTLED };

#define MOST_RESETS 8

static _Atomic int *stage; /* in a page of its own */
static void (*resets[MOST_RESETS])(void);
static int count;

bool cf_fork_wipe(void *pages, unsigned long size)
{
	return cf_raw_call3(SYS_madvise, (long)pages, (long)size, MADV_WIPEONFORK) == 0;
}

bool cf_fork_begin(void)
{
	_Atomic int *page = cf_pool_pages(4096);

	if (!page || !cf_fork_wipe((void *)page, 4096))
		return false;
	atomic_store(page, SETTLED);
	stage = page;
	return true;
}

bool cf_fork_on_child(void (*reset)(void))
{
	if (count == MOST_RESETS)
		return false;
	resets[count++] = reset;
	return true;
}

bool cf_fork_settle(void)
{
	int now = atomic_load_explicit(stage, memory_order_acquire);

	if (now == SETTLED)
		return true;
	now = NEW_PROCESS;
	if (!atomic_compare_exchange_strong(stage, &now, SETTLING))
		return now == SETTLED;
	for (int i = 0; i < count; i++)
		resets[i]();
	atomic_store_explicit(stage, SETTLED, memory_order_release);
	return true;
}

/* Libc gives every thread and every forked child an address where the kernel clears its id
   at its end; a vfork child, and one of posix_spawn(), has none. The parent is looked at
   as well: other runtimes may do as they like. No pid is remembered: it may be the same in
   another pid namespace. */
bool cf_fork_is_own_process(void)
{
	long parent = cf_raw_call3(SYS_getppid, 0, 0, 0);
	long self = cf_raw_call3(SYS_getpid, 0, 0, 0);
	void *cleared = NULL;

	return cf_raw_call3(SYS_prctl, PR_GET_TID_ADDRESS, (long)&cleared, 0) == 0 &&
	       cleared && cf_raw_call(SYS_kcmp, parent, self, KCMP_VM, 0, 0, 0) != 0;
}
