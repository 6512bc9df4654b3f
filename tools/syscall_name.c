/* SPDX-License-Identifier: MIT */
/*
 * syscall_name.c - the calls that a program can be found stuck in.
 */
#include "syscall_name.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>

static const struct {
	long number;
	const char *name;
} known[] = {
	{ SYS_close, "close" },
	{ SYS_close_range, "close_range" },
	{ SYS_dup3, "dup3" },
	{ SYS_exit, "exit" },
	{ SYS_exit_group, "exit_group" },
	{ SYS_execve, "execve" },
	{ SYS_clone, "clone" },
	{ SYS_munmap, "munmap" },
	{ SYS_mmap, "mmap" },
	{ SYS_mremap, "mremap" },
	{ SYS_msync, "msync" },
	{ SYS_fsync, "fsync" },
	{ SYS_fdatasync, "fdatasync" },
	{ SYS_sync, "sync" },
	{ SYS_syncfs, "syncfs" },
	{ SYS_openat, "openat" },
	{ SYS_read, "read" },
	{ SYS_readv, "readv" },
	{ SYS_pread64, "pread64" },
	{ SYS_getdents64, "getdents64" },
	{ SYS_write, "write" },
	{ SYS_writev, "writev" },
	{ SYS_pwrite64, "pwrite64" },
	{ SYS_ftruncate, "ftruncate" },
	{ SYS_ioctl, "ioctl" },
	{ SYS_fstat, "fstat" },
	{ SYS_newfstatat, "newfstatat" },
	{ SYS_statx, "statx" },
	{ SYS_statfs, "statfs" },
	{ SYS_unlinkat, "unlinkat" },
	{ SYS_mkdirat, "mkdirat" },
	{ SYS_renameat2, "renameat2" },
	{ SYS_umount2, "umount2" },
	{ SYS_futex, "futex" },
	{ SYS_ppoll, "ppoll" },
	{ SYS_wait4, "wait4" },
	{ SYS_clock_nanosleep, "clock_nanosleep" },
#ifdef SYS_open /* not on aarch64 */
	{ SYS_open, "open" },
	{ SYS_dup2, "dup2" },
	{ SYS_stat, "stat" },
	{ SYS_lstat, "lstat" },
	{ SYS_access, "access" },
	{ SYS_unlink, "unlink" },
	{ SYS_rename, "rename" },
	{ SYS_poll, "poll" },
	{ SYS_vfork, "vfork" },
#endif
};

static const char *find(long number)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (known[i].number == number)
			return known[i].name;
	}
	return NULL;
}

/* "3 0x4 0x0 0x0 0x0 0x0 0x0 STACK COUNTER" in a call, else "running" or "-1 ..". */
void syscall_name(char *name, size_t bytes, const char *line)
{
	unsigned long long stack;
	long number;

	name[0] = '\0';
	if (sscanf(line, "%ld %*x %*x %*x %*x %*x %*x %llx", &number, &stack) != 2 ||
	    number < 0)
		return;
	/* A 32-bit program has numbers of its own, and its stack below 4 GiB. */
	const char *found = stack > UINT32_MAX ? find(number) : NULL;
	if (found)
		snprintf(name, bytes, "%s", found);
	else
		snprintf(name, bytes, "system call %ld", number);
}
