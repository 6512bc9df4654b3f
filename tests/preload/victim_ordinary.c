/* SPDX-License-Identifier: MIT */
/*
 * victim_ordinary.c - makes and closes everything that a healthy program has, twice;
 * for a look at its system calls. access() of a name that begins with MARK divides them.
 *
 *   everything DIRECTORY
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "victim.h"

static void close_both(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static void close_pairs(void)
{
	int ends[2];

	victim_need(pipe(ends) == 0, "pipe");
	close_both(ends);
	victim_need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
	close_both(ends);
}

static void close_files(const char *directory)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/ordinary", directory);
	int fd = victim_open(path, O_RDWR | O_CREAT);
	victim_need(write(fd, "text", 4) == 4, "write");
	close(fd);
	close(victim_open(directory, O_RDONLY | O_DIRECTORY));
	close(victim_open("/etc/passwd", O_RDONLY));
	close(victim_open("/proc/self/status", O_RDONLY));
	close(victim_open("/dev/null", O_RDWR));
	close(victim_open("/dev/ptmx", O_RDWR | O_NOCTTY));
}

static void close_what_has_no_name(void)
{
	close(socket(AF_INET, SOCK_STREAM, 0));
	close(socket(AF_INET, SOCK_DGRAM, 0));
	close(eventfd(0, 0));
	close(epoll_create1(0));
	close(timerfd_create(CLOCK_MONOTONIC, 0));
	close(memfd_create("ordinary", 0));
	close(-1);
	close(1000);
}

static int run_everything(char **arguments)
{
	for (int round = 1; round <= 2; round++) {
		access(round == 1 ? "MARK begin" : "MARK again", F_OK);
		close_pairs();
		close_files(arguments[0]);
		close_what_has_no_name();
	}
	access("MARK end", F_OK);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "everything", run_everything },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
