/* SPDX-License-Identifier: MIT */
/*
 * bench_mount.c - a healthy FUSE mount of wedgefs.
 */
#include "bench_mount.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "private_mounts.h"
#include "wedgefs.h"

#define PATIENCE_MS 5000

static struct wedge_control *control;

static int make_control(void)
{
	int fd = memfd_create("control", 0);

	if (fd == -1 || ftruncate(fd, sizeof(*control)) == -1)
		return -1;
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return control == MAP_FAILED ? -1 : fd;
}

static pid_t start_server(const char *wedgefs, const char *point, int control_fd)
{
	char path[64];
	pid_t bench = getpid(), server = fork();

	if (server != 0)
		return server;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", control_fd);
	if (getppid() == bench)
		execl(wedgefs, "wedgefs", point, path, NULL);
	_exit(127);
}

const char *bench_mount(const char *wedgefs, const char *point)
{
	const struct timespec a_moment = { 0, 1000000 };

	if (access("/dev/fuse", R_OK | W_OK) == -1)
		return "no /dev/fuse";
	if (unshare(CLONE_NEWNS) == -1 || private_mounts_make() == -1)
		return "no right to make private mounts";
	int fd = make_control();
	if (fd == -1 || start_server(wedgefs, point, fd) == -1)
		return "no memory or no process for the server";
	for (int i = 0; i < PATIENCE_MS && !control->ready; i++)
		nanosleep(&a_moment, NULL);
	return control->ready ? NULL : "wedgefs does not get ready";
}

void bench_unmount(const char *point)
{
	umount2(point, MNT_DETACH);
}
