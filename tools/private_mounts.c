/* SPDX-License-Identifier: MIT */
/*
 * private_mounts.c - take a fresh mount namespace out of all propagation.
 */
#include "private_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

static int make_private(void)
{
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

/* Entering our own namespace leads out of the chroot, to the root that is a mount. */
static int make_private_from_outside(int namespace, int root, int here)
{
	int result = setns(namespace, CLONE_NEWNS);

	if (result == 0)
		result = make_private();
	int error = errno;
	if (fchdir(root) == -1 || chroot(".") == -1 || fchdir(here) == -1)
		return -1;
	errno = error;
	return result;
}

int private_mounts_make(void)
{
	int result = -1;

	if (make_private() == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	int namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int root = open("/", O_PATH | O_CLOEXEC);
	int here = open(".", O_PATH | O_CLOEXEC);
	if (namespace != -1 && root != -1 && here != -1)
		result = make_private_from_outside(namespace, root, here);
	int error = errno;
	close(namespace);
	close(root);
	close(here);
	errno = error;
	return result;
}
