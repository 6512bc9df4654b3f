/* SPDX-License-Identifier: MIT */
/*
 * fd_copy.c - F_DUPFD_CLOEXEC, and the locks that fdinfo lists. Floor 1.
 */
#include "fd_copy.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "clerk.h"
#include "pool.h"
#include "raw.h"
#include "text.h"

#define FIRST_NUMBER 3	 /* below is stdio */
#define HIGH_NUMBER  700 /* where no program counts with it */
#define PAGE_BYTES   4096

int cf_fd_copy_make(int fd)
{
	long copy = cf_raw_call3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH_NUMBER);

	if (copy < 0) /* no such number under a low limit */
		copy = cf_raw_call3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FIRST_NUMBER);
	return (int)copy;
}

enum cf_fd_copy_locks cf_fd_copy_locks(int fd)
{
	enum cf_fd_copy_locks answer = CF_FD_COPY_UNKNOWN;
	char link[48], *text = cf_pool_pages(PAGE_BYTES);
	struct cf_text path;

	if (!text)
		return answer;
	cf_text_begin(&path, link, sizeof(link));
	cf_text_add(&path, "/proc/thread-self/fdinfo/");
	cf_text_add_number(&path, fd);
	if (cf_clerk_read(link, text, PAGE_BYTES - 1) > 0)
		answer = strstr(text, "POSIX") ? CF_FD_COPY_LOCKED : CF_FD_COPY_NO_LOCK;
	cf_raw_call3(SYS_munmap, (long)text, PAGE_BYTES, 0);
	return answer;
}
