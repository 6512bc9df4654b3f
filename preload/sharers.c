/* SPDX-License-Identifier: MIT */
/*
 * sharers.c - a list of /proc, compared with the list of our tasks. Floor 0.
 *
 * Built like errand.c. The words are those that clone() sets and the end of a task clears:
 * who is not there any more is not taken for a task of ours, even if its pid is used again.
 */
#include "sharers.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "raw.h"

#define MOST	   2048
#define LIST_BYTES 2048 /* of a small stack */

struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	unsigned char type;
	char name[];
};

struct list {
	long fd;
	long filled; /* bytes, or -errno */
	long at;
	_Alignas(8) char bytes[LIST_BYTES];
};

static const _Atomic int *_Atomic words[MOST];
static _Atomic unsigned count;

void cf_sharers_enter(const _Atomic int *tid)
{
	unsigned place = atomic_fetch_add(&count, 1);

	if (place < MOST)
		atomic_store(&words[place], tid);
}

static bool is_ours(int pid)
{
	for (int i = 0; i < MOST; i++) {
		const _Atomic int *word = atomic_load(&words[i]);

		if (word && atomic_load(word) == pid)
			return true;
	}
	return false;
}

static bool open_list(struct list *list, const char *path)
{
	list->filled = 0;
	list->at = 0;
	list->fd = cf_raw_call(SYS_openat, AT_FDCWD, (long)path,
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
	return list->fd >= 0;
}

static void close_list(const struct list *list)
{
	cf_raw_call3(SYS_close, list->fd, 0, 0);
}

static int number_of(const char *name)
{
	int number = 0;

	for (; *name >= '0' && *name <= '9'; name++)
		number = number * 10 + (*name - '0');
	return *name ? 0 : number;
}

/* The next number among the names; 0 at the end, below 0 when it cannot be read. */
static int next(struct list *list)
{
	int number = 0;

	while (number == 0) {
		if (list->at >= list->filled) {
			list->at = 0;
			list->filled = cf_raw_call3(SYS_getdents64, list->fd,
						    (long)list->bytes, LIST_BYTES);
			if (list->filled <= 0)
				return (int)list->filled;
		}
		const struct entry *entry = (const void *)(list->bytes + list->at);
		list->at += entry->length;
		number = number_of(entry->name);
	}
	return number;
}

/* What is mounted there may be that of another pid namespace, where others have these
   numbers. */
static bool is_proc_of(int self)
{
	struct list list;

	if (!open_list(&list, "/proc/self/task"))
		return false;
	bool is_own = next(&list) == self;
	close_list(&list);
	return is_own;
}

static enum cf_sharers compare_all(struct list *list, int self)
{
	bool is_one_found = false;
	int pid;

	while ((pid = next(list)) > 0) {
		long difference = cf_raw_call(SYS_kcmp, pid, self, KCMP_VM, 0, 0, 0);

		if (pid == self || difference > 0)
			continue;
		if (difference == 0 && !is_ours(pid))
			return CF_SHARERS_OTHERS;
		if (difference < 0 && is_ours(pid))
			return CF_SHARERS_UNKNOWN;
		is_one_found = is_one_found || difference == 0;
	}
	return pid == 0 && is_one_found ? CF_SHARERS_OURS : CF_SHARERS_UNKNOWN;
}

enum cf_sharers cf_sharers_look(int self)
{
	struct list list;

	if (!is_proc_of(self) || !open_list(&list, "/proc"))
		return CF_SHARERS_UNKNOWN;
	enum cf_sharers sharers = compare_all(&list, self);
	close_list(&list);
	return sharers;
}
