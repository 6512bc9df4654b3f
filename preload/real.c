/* SPDX-License-Identifier: MIT */
/*
 * real.c - the next function of each name, looked up once. Floor 0.
 */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#include "raw.h"

static int (*next_close)(int fd);
static int (*next_setsockopt)(int, int, int, const void *, socklen_t);

void cf_real_bind(void)
{
	next_close = (int (*)(int))dlsym(RTLD_NEXT, "close");
	next_setsockopt = (int (*)(int, int, int, const void *, socklen_t))dlsym(
		RTLD_NEXT, "setsockopt");
}

int cf_real_close(int fd)
{
	if (next_close)
		return next_close(fd);
	long result = cf_raw_call3(SYS_close, fd, 0, 0);
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return 0;
}

int cf_real_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	if (next_setsockopt)
		return next_setsockopt(fd, level, name, value, size);
	long result = cf_raw_call(SYS_setsockopt, fd, level, name, (long)value, size, 0);
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return 0;
}
