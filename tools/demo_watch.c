/* SPDX-License-Identifier: MIT */
/*
 * demo_watch.c - whether a program may have its memory watched by a userfaultfd here.
 */
#include "demo_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HINT "(a container needs --security-opt seccomp=unconfined)"

const char *demo_watch_set(char *argument, size_t bytes)
{
	static char reason[256];
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	snprintf(argument, bytes, "-");
	if (fd == -1) {
		snprintf(reason, sizeof(reason), "cannot make a userfaultfd: %s " HINT,
			 strerror(errno));
		return reason;
	}
	close(fd);
	return NULL;
}
