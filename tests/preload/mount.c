/* SPDX-License-Identifier: MIT */
/*
 * mount.c - FUSE mounts of wedgefs that hang on the driver's command.
 */
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bounds.h"
#include "scratch.h"
#include "suite.h"

#define MOST_MOUNTS 64
#define PATIENCE_MS 5000
#define BLOCK_BYTES 4096

static struct mount mounts[MOST_MOUNTS];
static int mount_count;

static void require_fuse(void)
{
	char reason[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd == -1) {
		snprintf(reason, sizeof(reason), "cannot open /dev/fuse: %s",
			 strerror(errno));
		suite_skip(reason);
	}
	close(fd);
}

static struct wedge_control *map_orders(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd != -1 && ftruncate(fd, sizeof(struct wedge_control)) == 0);
	void *page = mmap(NULL, sizeof(struct wedge_control), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
	assert_true(page != MAP_FAILED);
	close(fd);
	return page;
}

static pid_t start_server(const char **arguments)
{
	pid_t driver = getpid();
	pid_t server = fork();

	assert_true(server != -1);
	if (server != 0)
		return server;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == driver)
		execv(CURFEW_TEST_WEDGEFS, (char **)arguments);
	_exit(127);
}

static struct mount *start(const char **arguments, int argument_count)
{
	require_fuse();
	assert_true(mount_count < MOST_MOUNTS);
	struct mount *mount = &mounts[mount_count];
	char name[32];

	snprintf(name, sizeof(name), "fuse-%d", mount_count++);
	snprintf(mount->point, sizeof(mount->point), "%s", scratch_path(name));
	assert_int_equal(mkdir(mount->point, 0755), 0);
	snprintf(name, sizeof(name), "orders-%d", mount_count);
	const char *orders = scratch_path(name);
	mount->orders = map_orders(orders);
	arguments[argument_count] = mount->point;
	arguments[argument_count + 1] = orders;
	mount->server = start_server(arguments);
	for (int64_t until = bounds_after(PATIENCE_MS); !mount->orders->ready;) {
		if (waitpid(mount->server, NULL, WNOHANG) == mount->server) {
			mount->server = 0;
			return NULL;
		}
		if (!bounds_nap(until))
			fail_msg("wedgefs does not get ready");
	}
	return mount;
}

struct mount *mount_start(const char *option)
{
	const char *arguments[5] = { "wedgefs", option };
	struct mount *mount = start(arguments, option ? 2 : 1);

	if (!mount)
		fail_msg("wedgefs cannot mount");
	return mount;
}

struct mount *mount_start_on(const char *device)
{
	const char *arguments[6] = { "wedgefs", "-b", device };

	return start(arguments, 3);
}

const char *mount_path(const struct mount *mount, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s",
		 mount->point + strlen(scratch_directory()) + 1, name);
	return scratch_path(path);
}

const char *mount_put(const struct mount *mount, const char *name)
{
	const char *path = mount_path(mount, name);

	scratch_put(path, "some text\n");
	return path;
}

void mount_hang(struct mount *mount, enum wedge_operation operation)
{
	mount->orders->hang |= UINT32_C(1) << operation;
}

void mount_recover(struct mount *mount)
{
	mount->orders->hang = 0;
	mount->orders->delay_ms = 0;
}

void mount_await_waiting(struct mount *mount, enum wedge_operation operation,
			 unsigned count)
{
	for (int64_t until = bounds_after(PATIENCE_MS);
	     mount->orders->waiting[operation] < count;) {
		if (!bounds_nap(until))
			fail_msg("%u requests hang, not %u",
				 (unsigned)mount->orders->waiting[operation], count);
	}
}

void mount_await_calm(struct mount *mount)
{
	int64_t until = bounds_after(PATIENCE_MS);

	for (int i = 0; i < WEDGE_OPERATIONS; i++) {
		while (mount->orders->waiting[i] > 0) {
			if (!bounds_nap(until))
				fail_msg("requests hang on");
		}
	}
}

/* O_DIRECT asks the server; what is only in the page cache was awaited by our caller. */
int mount_holds(const struct mount *mount, const char *name, size_t size)
{
	char *block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
	int fd = open(mount_path(mount, name), O_RDONLY | O_DIRECT | O_CLOEXEC);
	size_t seen = 0;
	ssize_t count;

	assert_true(block && fd != -1);
	while ((count = read(fd, block, BLOCK_BYTES)) > 0) {
		for (ssize_t i = 0; i < count; i++)
			seen += block[i] == 'x';
	}
	close(fd);
	free(block);
	return seen == size;
}

static void end(struct mount *mount)
{
	int64_t until = bounds_after(PATIENCE_MS);

	mount_recover(mount);
	if (mount->server) {
		kill(mount->server, SIGTERM);
		while (waitpid(mount->server, NULL, WNOHANG) == 0) {
			if (!bounds_nap(until))
				kill(mount->server, SIGKILL);
		}
		mount->server = 0;
	}
	umount2(mount->point, MNT_DETACH);
}

void mount_end_all(void)
{
	for (int i = 0; i < mount_count; i++) {
		if (mounts[i].server)
			end(&mounts[i]);
	}
}
