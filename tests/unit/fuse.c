/* SPDX-License-Identifier: MIT */
/*
 * fuse.c - a FUSE mount of wedgefs.
 */
#include "fuse.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define PATIENCE_MS 5000

static bool is_served(void *control)
{
	return ((struct wedge_control *)control)->ready;
}

static struct wedge_control *make_control(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, sizeof(struct wedge_control)), 0);
	void *page = mmap(NULL, sizeof(struct wedge_control), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
	assert_true(page != MAP_FAILED);
	close(fd);
	return page;
}

struct wedge_control *fuse_mount(const char *point)
{
	const char *path = unit_path("control");
	struct wedge_control *control = make_control(path);
	pid_t test = getpid();

	if (access("/dev/fuse", R_OK | W_OK) == -1)
		unit_skip("no /dev/fuse");
	pid_t server = fork();
	assert_true(server != -1);
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == test)
			execl(UNIT_WEDGEFS, "wedgefs", point, path, NULL);
		_exit(127);
	}
	bool served = unit_await(is_served, control, PATIENCE_MS);
	if (!served && waitpid(server, NULL, WNOHANG) == server)
		unit_skip("wedgefs cannot mount here");
	assert_true(served);
	return control;
}
