/* SPDX-License-Identifier: MIT */
/*
 * unmapper.c - a program whose munmap() hangs by itself: a userfaultfd wants to hear of it.
 *
 * usage: unmapper STATUS
 *
 * Nobody reads the userfaultfd for UNREAD_S seconds: so long the munmap takes, stock.
 * Exits with STATUS, or with 77 where a program may not have a userfaultfd.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNREAD_S 3
#define BYTES	 65536
#define SKIPPED	 77

static void must(int ok, const char *step)
{
	if (ok)
		return;
	perror(step);
	exit(99);
}

static void *read_late(void *argument)
{
	struct uffd_msg message;

	sleep(UNREAD_S);
	must(read(*(int *)argument, &message, sizeof(message)) != -1, "read");
	return NULL;
}

int main(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_UNMAP };
	static int fd;
	pthread_t reader;

	must(argc == 2, "usage: unmapper STATUS");
	fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (fd == -1)
		return SKIPPED;
	char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register watched = { .range = { (uintptr_t)memory, BYTES },
					   .mode = UFFDIO_REGISTER_MODE_MISSING };
	must(memory != MAP_FAILED, "mmap");
	memset(memory, 'x', BYTES);
	must(ioctl(fd, UFFDIO_API, &api) == 0, "UFFDIO_API");
	must(ioctl(fd, UFFDIO_REGISTER, &watched) == 0, "UFFDIO_REGISTER");
	must(pthread_create(&reader, NULL, read_late, &fd) == 0, "pthread_create");
	must(munmap(memory, BYTES) == 0, "munmap");
	return atoi(argv[1]);
}
