/* SPDX-License-Identifier: MIT */
/*
 * proc_list.c - getdents64(2), a page of names at a time. Floor 0. Built like errand.c.
 */
#include "proc_list.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>

#include "raw.h"

/* As the kernel has it. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	unsigned char type;
	char name[];
};

bool cf_proc_list_open(struct cf_proc_list *list, const char *path)
{
	list->filled = 0;
	list->at = 0;
	list->fd = cf_raw_call(SYS_openat, AT_FDCWD, (long)path,
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
	return list->fd >= 0;
}

static int number_of(const char *name)
{
	int number = 0;

	for (; *name >= '0' && *name <= '9'; name++)
		number = number * 10 + (*name - '0');
	return *name ? 0 : number;
}

int cf_proc_list_next(struct cf_proc_list *list)
{
	int number = 0;

	while (number == 0) {
		if (list->at >= list->filled) {
			list->at = 0;
			list->filled =
				cf_raw_call3(SYS_getdents64, list->fd, (long)list->bytes,
					     sizeof(list->bytes));
			if (list->filled <= 0)
				return (int)list->filled;
		}
		const struct entry *entry = (const void *)(list->bytes + list->at);
		list->at += entry->length;
		number = number_of(entry->name);
	}
	return number;
}

void cf_proc_list_close(const struct cf_proc_list *list)
{
	cf_raw_call3(SYS_close, list->fd, 0, 0);
}

int cf_proc_list_end(const char *path)
{
	struct cf_proc_list list;
	int end = 1, number;

	if (!cf_proc_list_open(&list, path))
		return -1;
	while ((number = cf_proc_list_next(&list)) > 0)
		end = number >= end ? number + 1 : end;
	cf_proc_list_close(&list);
	return number == 0 ? end : -1;
}
