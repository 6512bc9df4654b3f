/* SPDX-License-Identifier: MIT */
/*
 * victim_crowd.c - a victim's many descriptors of one mount.
 */
#include "victim_crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

#define SPARE_NUMBERS 1024
#define MOST_THREADS  128
#define DISAPPOINTED  1 /* the status when something was not as expected */

static int fds[CROWD_MOST];
static int fd_count;
static int expected;
static _Atomic int next_fd;
static _Atomic int disappointments;

static void make_room_for(int count)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)count + SPARE_NUMBERS;

	victim_need(count <= CROWD_MOST, "so many files");
	victim_need(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
	if (limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	victim_need(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
}

/* The first 64 numbers are copied whenever a table is, and each copy is flushed. */
static void use_low_numbers(void)
{
	while (victim_open("/dev/null", O_RDONLY | O_CLOEXEC) < 63)
		;
}

void crowd_open(const char *path, int count)
{
	make_room_for(count);
	use_low_numbers();
	for (fd_count = 0; fd_count < count; fd_count++)
		fds[fd_count] = victim_open(path, O_RDONLY | O_CLOEXEC);
}

void crowd_create(const char *prefix, int count)
{
	char path[4096], bytes[CROWD_BYTES];

	make_room_for(count);
	use_low_numbers();
	memset(bytes, 'x', sizeof(bytes));
	for (fd_count = 0; fd_count < count; fd_count++) {
		snprintf(path, sizeof(path), "%s%d", prefix, fd_count);
		fds[fd_count] = victim_open(path, O_WRONLY | O_CREAT | O_CLOEXEC);
		victim_need(write(fds[fd_count], bytes, sizeof(bytes)) == sizeof(bytes),
			    "write");
	}
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void note_slowest(int64_t took_ns)
{
	int64_t slowest = victim_marks->number[2];

	while (took_ns > slowest &&
	       !atomic_compare_exchange_weak(&victim_marks->number[2], &slowest, took_ns))
		;
}

static void *close_in_turn(void *unused)
{
	(void)unused;
	for (int i = next_fd++; i < fd_count; i = next_fd++) {
		int64_t began_ns = now_ns();
		int result = close(fds[i]);

		if (result != expected || (result == -1 && errno != EIO))
			victim_marks->number[0]++;
		note_slowest(now_ns() - began_ns);
	}
	return NULL;
}

void crowd_close(int slot, int thread_count, int result)
{
	pthread_t threads[MOST_THREADS];
	int left;

	victim_need(thread_count <= MOST_THREADS, "so many threads");
	expected = result;
	next_fd = 0;
	victim_begin(slot);
	for (int i = 1; i < thread_count; i++)
		victim_need(pthread_create(&threads[i], NULL, close_in_turn, NULL) == 0,
			    "pthread_create");
	close_in_turn(NULL);
	for (int i = 1; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	victim_end(slot, 0);
	crowd_open_ones(&left);
	victim_marks->number[1] = left;
}

int crowd_flags(int fd)
{
	return (int)syscall(SYS_fcntl, fd, F_GETFD, 0);
}

int crowd_is_open(int fd)
{
	return crowd_flags(fd) != -1;
}

int crowd_is_bad(int result)
{
	return result == -1 && errno == EBADF;
}

int crowd_is_same(int fd, int other)
{
	struct statx one, two;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &one) == 0 &&
	       statx(other, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &two) ==
		       0 &&
	       one.stx_ino == two.stx_ino && one.stx_dev_major == two.stx_dev_major &&
	       one.stx_dev_minor == two.stx_dev_minor;
}

const int *crowd_open_ones(int *count)
{
	static int open_ones[CROWD_MOST];

	*count = 0;
	for (int i = 0; i < fd_count; i++) {
		if (crowd_is_open(fds[i]))
			open_ones[(*count)++] = fds[i];
	}
	return open_ones;
}

void crowd_expect(int ok, const char *what)
{
	if (ok)
		return;
	dprintf(STDERR_FILENO, "victim: not so: %s\n", what);
	disappointments++;
}

int crowd_leave(void)
{
	return victim_leave(disappointments ? DISAPPOINTED : VICTIM_STATUS);
}
