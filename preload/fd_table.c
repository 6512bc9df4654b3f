/* SPDX-License-Identifier: MIT */
/*
 * fd_table.c - kcmp() on two threads. Floor 0.
 */
#include "fd_table.h"

#include <linux/kcmp.h>

#include "fork.h"
#include "raw.h"

bool cf_fd_table_is_leaders(void)
{
	long leader = cf_raw_call3(SYS_getpid, 0, 0, 0);
	long self = cf_raw_call3(SYS_gettid, 0, 0, 0);

	return self == leader ||
	       cf_raw_call(SYS_kcmp, leader, self, KCMP_FILES, 0, 0, 0) <= 0;
}

bool cf_fd_table_is_main(void)
{
	return cf_fork_is_own_process() && cf_fd_table_is_leaders();
}
