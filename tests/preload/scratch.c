/* SPDX-License-Identifier: MIT */
/*
 * scratch.c - the place of a driver.
 */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private_mounts.h"
#include "suite.h"

#define MOST_PATHS 512
#define PATH_BYTES 192
#define TEXT_BYTES (4 << 20)

static char directory[] = "/tmp/curfew-test-XXXXXX";
static char paths[MOST_PATHS][PATH_BYTES];
static int path_count;
static int entered;

const char *scratch_enter(void)
{
	static char reason[128];

	if (unshare(CLONE_NEWNS) != 0 || private_mounts_make() != 0) {
		snprintf(reason, sizeof(reason), "no mount namespace of our own: %s",
			 strerror(errno));
		return reason;
	}
	if (!mkdtemp(directory) ||
	    mount("scratch", directory, "tmpfs", 0, "mode=755") != 0) {
		snprintf(reason, sizeof(reason), "cannot mount a tmpfs: %s",
			 strerror(errno));
		return reason;
	}
	entered = 1;
	return NULL;
}

void scratch_leave(void)
{
	if (!entered)
		return;
	umount2(directory, MNT_DETACH);
	rmdir(directory);
}

const char *scratch_directory(void)
{
	return directory;
}

const char *scratch_path(const char *name)
{
	assert_true(path_count < MOST_PATHS);
	char *path = paths[path_count++];
	assert_true(snprintf(path, PATH_BYTES, "%s/%s", directory, name) < PATH_BYTES);
	return path;
}

void scratch_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	fchmod(fd, 0666);
	assert_int_equal(close(fd), 0);
}

char *scratch_text(const char *path)
{
	char *text = calloc(1, TEXT_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count, length = 0;

	assert_non_null(text);
	while (fd != -1 &&
	       (count = read(fd, text + length, (size_t)(TEXT_BYTES - 1 - length))) > 0)
		length += count;
	if (fd != -1)
		close(fd);
	return text;
}

void scratch_copy(const char *from, const char *to, mode_t mode)
{
	struct stat attributes;
	int source = open(from, O_RDONLY | O_CLOEXEC);
	int target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(source != -1 && target != -1 && fstat(source, &attributes) == 0);
	for (off_t left = attributes.st_size; left > 0;) {
		ssize_t count = sendfile(target, source, NULL, (size_t)left);

		assert_true(count > 0);
		left -= count;
	}
	assert_int_equal(fchmod(target, mode), 0);
	close(source);
	close(target);
}
