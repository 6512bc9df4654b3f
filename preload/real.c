/* SPDX-License-Identifier: MIT */
/*
 * real.c - the next function of each name, looked up once. Floor 0.
 */
#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>

#include "raw.h"

static int (*next_close)(int);
static int (*next_setsockopt)(int, int, int, const void *, socklen_t);
static int (*next_dup)(int);
static int (*next_dup2)(int, int);
static int (*next_dup3)(int, int, int);
static int (*next_close_range)(unsigned, unsigned, int);
static void *(*next_mmap)(void *, size_t, int, int, int, off_t);
static int (*next_munmap)(void *, size_t);
static void *(*next_mremap)(void *, size_t, size_t, int, ...);
static int (*next_unshare)(int);
static int (*next_ioctl)(int, unsigned long, ...);

/* By its versions: dlsym() itself is behind a door of ours. Nothing else of libc's is called:
   the runtime of a sanitizer comes here before its own functions have begun. */
cf_real_finder *cf_real_dlsym(void)
{
	static const char *const versions[] = { "GLIBC_2.34", "GLIBC_2.17",
						"GLIBC_2.2.5" };
	static cf_real_finder *_Atomic next;
	cf_real_finder *found = next;

	if (found)
		return found;
	for (size_t i = 0; !found && i < sizeof(versions) / sizeof(*versions); i++)
		*(void **)&found = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
	if (found) /* libc's; another preload's may be the next, without a version */
		*(void **)&found = found(RTLD_NEXT, "dlsym");
	next = found;
	return found;
}

void cf_real_look_up(const char *name, void *slot)
{
	cf_real_finder *find = cf_real_dlsym();

	*(void **)slot = find ? find(RTLD_NEXT, name) : NULL;
}

void cf_real_bind(void)
{
	static const struct {
		const char *name;
		void *slot;
	} wanted[] = {
		{ "close", &next_close },     { "setsockopt", &next_setsockopt },
		{ "dup", &next_dup },	      { "dup2", &next_dup2 },
		{ "dup3", &next_dup3 },	      { "close_range", &next_close_range },
		{ "mmap", &next_mmap },	      { "munmap", &next_munmap },
		{ "mremap", &next_mremap },   { "ioctl", &next_ioctl },
		{ "unshare", &next_unshare },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		cf_real_look_up(wanted[i].name, wanted[i].slot);
}

static long answer(long result)
{
	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

int cf_real_close(int fd)
{
	return next_close ? next_close(fd)
			  : (int)answer(cf_raw_call3(SYS_close, fd, 0, 0));
}

int cf_real_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	if (next_setsockopt)
		return next_setsockopt(fd, level, name, value, size);
	return (int)answer(
		cf_raw_call(SYS_setsockopt, fd, level, name, (long)value, size, 0));
}

int cf_real_dup(int fd)
{
	return next_dup ? next_dup(fd) : (int)answer(cf_raw_call3(SYS_dup, fd, 0, 0));
}

int cf_real_dup2(int from, int to)
{
	if (next_dup2)
		return next_dup2(from, to);
	if (from == to) /* dup3() refuses that */
		return (int)answer(cf_raw_call3(SYS_fcntl, from, F_GETFD, 0)) == -1 ? -1
										    : to;
	return (int)answer(cf_raw_call3(SYS_dup3, from, to, 0));
}

int cf_real_dup3(int from, int to, int flags)
{
	return next_dup3 ? next_dup3(from, to, flags)
			 : (int)answer(cf_raw_call3(SYS_dup3, from, to, flags));
}

int cf_real_close_range(unsigned first, unsigned last, int flags)
{
	return next_close_range
		       ? next_close_range(first, last, flags)
		       : (int)answer(cf_raw_call3(SYS_close_range, first, last, flags));
}

void *cf_real_mmap(void *at, size_t length, int protection, int flags, int fd,
		   off_t offset)
{
	if (next_mmap)
		return next_mmap(at, length, protection, flags, fd, offset);
	return (void *)answer(cf_raw_call(SYS_mmap, (long)at, (long)length, protection,
					  flags, fd, offset));
}

int cf_real_munmap(void *at, size_t length)
{
	return next_munmap
		       ? next_munmap(at, length)
		       : (int)answer(cf_raw_call3(SYS_munmap, (long)at, (long)length, 0));
}

void *cf_real_mremap(void *from, size_t length, size_t new_length, int flags, void *to)
{
	if (next_mremap)
		return next_mremap(from, length, new_length, flags, to);
	return (void *)answer(cf_raw_call(SYS_mremap, (long)from, (long)length,
					  (long)new_length, flags, (long)to, 0));
}

int cf_real_unshare(int flags)
{
	return next_unshare ? next_unshare(flags)
			    : (int)answer(cf_raw_call3(SYS_unshare, flags, 0, 0));
}

int cf_real_ioctl(int fd, unsigned long request, void *argument)
{
	return next_ioctl ? next_ioctl(fd, request, argument)
			  : (int)answer(cf_raw_call3(SYS_ioctl, fd, (long)request,
						     (long)argument));
}
