/* SPDX-License-Identifier: MIT */
/*
 * victim.c - what the victims are made of.
 */
#include "victim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BROKEN	      99
#define PATIENCE_NAPS 60000

struct marks *victim_marks;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void victim_need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "victim: %s: %s\n", what, strerror(errno));
	_exit(BROKEN);
}

static void map_marks(void)
{
	const char *path = getenv("CURFEW_TEST_MARKS");
	int fd = path ? victim_open(path, O_RDWR | O_CLOEXEC) : -1;

	victim_marks = mmap(NULL, sizeof(*victim_marks), PROT_READ | PROT_WRITE,
			    fd == -1 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	victim_need(victim_marks != MAP_FAILED, "map the marks");
	if (fd != -1)
		close(fd);
}

int victim_run(const struct victim_verb *verbs, char **argv)
{
	map_marks();
	for (; argv[1] && verbs->name; verbs++) {
		if (strcmp(verbs->name, argv[1]) == 0)
			return verbs->run(argv + 2);
	}
	fprintf(stderr, "%s: unknown verb\n", argv[0]);
	return BROKEN;
}

int victim_open(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	victim_need(fd != -1, path);
	return fd;
}

void victim_begin(int slot)
{
	victim_marks->call[slot].began_ns = now_ns();
	errno = MARKS_ERRNO;
}

void victim_end(int slot, int result)
{
	struct mark *mark = &victim_marks->call[slot];

	mark->error = errno;
	mark->result = result;
	mark->ended_ns = now_ns();
}

int victim_close(int slot, int fd)
{
	victim_begin(slot);
	int result = close(fd);
	victim_end(slot, result);
	return result;
}

void victim_step(int step)
{
	victim_marks->step = step;
}

void victim_await(int go)
{
	for (int i = 0; victim_marks->go < go; i++) {
		errno = ETIMEDOUT;
		victim_need(i < PATIENCE_NAPS, "wait for the driver");
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
}

int victim_leave(int status)
{
	victim_marks->left_ns = now_ns();
	return status;
}
