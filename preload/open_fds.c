/* SPDX-License-Identifier: MIT */
/*
 * open_fds.c - the directory /proc/thread-self/fd. Floor 1.
 */
#include "open_fds.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>

#include "clerk.h"
#include "pool.h"
#include "raw.h"

#define PAGE_BYTES 4096 /* not on the stack, which may be a signal handler's */
#define FIRST_FDS  1024

/* As getdents64(2) has it. */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

/* -1 for `.` and `..` */
static int number_of(const char *name)
{
	int number = -1;

	for (; *name >= '0' && *name <= '9'; name++)
		number = (number < 0 ? 0 : number) * 10 + (*name - '0');
	return number;
}

static bool each_in_page(const char *page, long filled, long own,
			 bool (*each)(int fd, void *argument), void *argument)
{
	for (long at = 0; at < filled;) {
		const struct entry *entry = (const void *)(page + at);
		int fd = number_of(entry->name);

		at += entry->length;
		if (fd >= 0 && fd != own && !each(fd, argument))
			return false;
	}
	return true;
}

void cf_open_fds_each(bool (*each)(int fd, void *argument), void *argument)
{
	char *page = cf_pool_pages(PAGE_BYTES);
	long own = page ? cf_clerk_open_to_list("/proc/thread-self/fd") : -1, filled;
	bool goes_on = true;

	for (int fd = 0; own < 0 && goes_on && fd < FIRST_FDS; fd++)
		goes_on = each(fd, argument);
	while (own >= 0 && goes_on &&
	       (filled = cf_raw_call3(SYS_getdents64, own, (long)page, PAGE_BYTES)) > 0)
		goes_on = each_in_page(page, filled, own, each, argument);
	if (own >= 0)
		cf_raw_call3(SYS_close, own, 0, 0);
	if (page)
		cf_raw_call3(SYS_munmap, (long)page, PAGE_BYTES, 0);
}
