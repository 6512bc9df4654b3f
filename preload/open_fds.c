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
#include <sys/stat.h>

#include "clerk.h"
#include "pool.h"
#include "raw.h"

#define PAGE_BYTES 1024 /* not on the stack, which may be a signal handler's */
#define FIRST_FDS  1024
#define STANDARD   3
#define LIST	   "/proc/thread-self/fd"

static _Alignas(8) char own_page[PAGE_BYTES];
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

/* Whether no other number is open than 0 to 2. The size of the directory is how many there
   are since Linux 6.2, and 0 before: a look at that costs half of reading it. */
static bool are_standard(void)
{
	struct statx list = { .stx_size = 0 };
	uint64_t count = 0;

	for (int fd = 0; fd < STANDARD; fd++)
		count += cf_raw_call3(SYS_fcntl, fd, F_GETFD, 0) >= 0;
	cf_raw_call(SYS_statx, AT_FDCWD, (long)LIST, 0, STATX_SIZE, (long)&list, 0);
	return count > 0 && count == list.stx_size;
}

/* Where there is no second thread, nobody is about to get the number. */
static long open_list(void)
{
	long fd = cf_raw_call(SYS_openat, AT_FDCWD, (long)LIST,
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);

	return fd < 0 || __libc_single_threaded ? fd : cf_clerk_move_up(fd);
}

static void each_below(int limit, bool (*each)(int fd, void *argument), void *argument)
{
	for (int fd = 0; fd < limit; fd++) {
		if (!each(fd, argument))
			return;
	}
}

static void each_listed(long list, char *page, bool (*each)(int fd, void *argument),
			void *argument)
{
	bool goes_on = true;
	long filled;

	while (goes_on &&
	       (filled = cf_raw_call3(SYS_getdents64, list, (long)page, PAGE_BYTES)) > 0)
		goes_on = each_in_page(page, filled, list, each, argument);
}

void cf_open_fds_each(bool (*each)(int fd, void *argument), void *argument)
{
	bool is_short = __libc_single_threaded && are_standard();
	char *page = is_short ? NULL : take_page();
	long list = page ? open_list() : -1;

	if (list < 0)
		each_below(is_short ? STANDARD : FIRST_FDS, each, argument);
	else
		each_listed(list, page, each, argument);
	if (list >= 0)
		cf_raw_call3(SYS_close, list, 0, 0);
	give_back(page);
}
