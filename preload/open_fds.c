/* SPDX-License-Identifier: MIT */
/*
 * open_fds.c - the directory /proc/thread-self/fd. Floor 1.
 */
#include "open_fds.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/single_threaded.h>

#include "clerk.h"
#include "pool.h"
#include "raw.h"

#define PAGE_BYTES 4096 /* not on the stack, which may be a signal handler's */
#define FIRST_FDS  1024

static _Alignas(64) char own_page[PAGE_BYTES];
static _Atomic bool is_taken;

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

/* The one page is enough but for two threads at once. */
static char *take_page(void)
{
	return atomic_exchange(&is_taken, true) ? cf_pool_pages(PAGE_BYTES) : own_page;
}

static void give_back(char *page)
{
	if (page == own_page)
		atomic_store(&is_taken, false);
	else if (page)
		cf_raw_call3(SYS_munmap, (long)page, PAGE_BYTES, 0);
}

/* Where there is no second thread, nobody is about to get the number. */
static long open_list(void)
{
	long fd = cf_raw_call(SYS_openat, AT_FDCWD, (long)"/proc/thread-self/fd",
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);

	return fd < 0 || __libc_single_threaded ? fd : cf_clerk_move_up(fd);
}

void cf_open_fds_each(bool (*each)(int fd, void *argument), void *argument)
{
	char *page = take_page();
	long own = page ? open_list() : -1, filled;
	bool goes_on = true;

	for (int fd = 0; own < 0 && goes_on && fd < FIRST_FDS; fd++)
		goes_on = each(fd, argument);
	while (own >= 0 && goes_on &&
	       (filled = cf_raw_call3(SYS_getdents64, own, (long)page, PAGE_BYTES)) > 0)
		goes_on = each_in_page(page, filled, own, each, argument);
	if (own >= 0)
		cf_raw_call3(SYS_close, own, 0, 0);
	give_back(page);
}
