/* SPDX-License-Identifier: MIT */
/*
 * demo_victim.c - ordinary programs whose close(), munmap() or end hangs.
 *
 * Nothing in here knows of curfew: these are to be what users have.
 */
#include "demo_victim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_HANDLES  10000
#define OTHER_NUMBERS 64 /* what is open besides */
#define MEMORY_BYTES  65536

static int complain(const char *step)
{
	fprintf(stderr, "%s: %s\n", step, strerror(errno));
	return EXIT_FAILURE;
}

static int read_file(const char *path)
{
	char bytes[4096];
	int fd = open(path, O_RDONLY);

	if (fd == -1)
		return complain(path);
	if (read(fd, bytes, sizeof(bytes)) == -1)
		return complain(path);
	close(fd);
	return DEMO_VICTIM_STATUS;
}

static int write_file(const char *path)
{
	static const char results[] = "results that took all night\n";
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd == -1)
		return complain(path);
	if (write(fd, results, sizeof(results) - 1) == -1)
		return complain(path);
	close(fd);
	return DEMO_VICTIM_STATUS;
}

int demo_victim_handles(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_max >= MOST_HANDLES + OTHER_NUMBERS)
		return MOST_HANDLES;
	return limit.rlim_max > OTHER_NUMBERS ? (int)limit.rlim_max - OTHER_NUMBERS : 1;
}

static int open_handles(const char *path)
{
	static int handles[MOST_HANDLES];
	int count = demo_victim_handles();
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < count; i++) {
		handles[i] = open(path, O_RDONLY);
		if (handles[i] == -1)
			return complain(path);
	}
	for (int i = 0; i < count; i++)
		close(handles[i]);
	return DEMO_VICTIM_STATUS;
}

static int map_file(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd == -1 || ftruncate(fd, MEMORY_BYTES) == -1)
		return complain(path);
	char *memory =
		mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return complain("mmap");
	close(fd);
	memset(memory, 'x', MEMORY_BYTES);
	munmap(memory, MEMORY_BYTES);
	return DEMO_VICTIM_STATUS;
}

static int watch_memory(const char *unused)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_UNMAP };
	char *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register watched = { .range = { (uintptr_t)memory, MEMORY_BYTES },
					   .mode = UFFDIO_REGISTER_MODE_MISSING };

	(void)unused;
	if (memory == MAP_FAILED)
		return complain("mmap");
	memset(memory, 'x', MEMORY_BYTES);
	if (fd == -1 || ioctl(fd, UFFDIO_API, &api) == -1 ||
	    ioctl(fd, UFFDIO_REGISTER, &watched) == -1)
		return complain("userfaultfd");
	munmap(memory, MEMORY_BYTES);
	return DEMO_VICTIM_STATUS;
}

static int send_lingering(const char *port)
{
	static const char bytes[65536];
	struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	struct sockaddr_in peer = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)atoi(port)),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&peer, sizeof(peer)) == -1)
		return complain("connect over loopback");
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == -1)
		return complain("SO_LINGER");
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	close(fd);
	return DEMO_VICTIM_STATUS;
}

/* The kernel closes it, when the process ends. */
static int leave_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	if (fd == -1 || write(fd, "results\n", 8) == -1)
		return complain(path);
	return DEMO_VICTIM_STATUS;
}

static void never_return(void)
{
	for (;;)
		pause();
}

static int register_handler(const char *unused)
{
	(void)unused;
	if (atexit(never_return) != 0)
		return complain("atexit");
	return DEMO_VICTIM_STATUS;
}

/* stdio writes the last line when the process ends. */
static int fill_stdout(const char *unused)
{
	static const char bytes[65536];
	int ends[2];

	(void)unused;
	if (pipe(ends) == -1 || dup2(ends[1], STDOUT_FILENO) == -1 ||
	    fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK) == -1)
		return complain("pipe");
	while (write(STDOUT_FILENO, bytes, sizeof(bytes)) > 0)
		continue;
	fcntl(STDOUT_FILENO, F_SETFL, 0);
	puts("the last line");
	return DEMO_VICTIM_STATUS;
}

int demo_victim(int count, char **arguments)
{
	static const struct {
		const char *name;
		int (*run)(const char *argument);
	} programs[] = { { "read", read_file },	      { "write", write_file },
			 { "handles", open_handles }, { "mapping", map_file },
			 { "watched", watch_memory }, { "linger", send_lingering },
			 { "left", leave_open },      { "handler", register_handler },
			 { "pipe", fill_stdout } };

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (count == 2 && strcmp(arguments[0], programs[i].name) == 0)
			return programs[i].run(arguments[1]);
	fputs("curfew demo: no such program\n", stderr);
	return EXIT_FAILURE;
}
