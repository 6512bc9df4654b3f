/* SPDX-License-Identifier: MIT */
/*
 * sharers.c - a list of /proc, compared with the list of our tasks. Floor 0.
 *
 * Built like errand.c. The words are those that clone() sets and the end of a task clears:
 * who is not there any more is not taken for a task of ours, even if its pid is used again.
 */
#include "sharers.h"

#include <linux/kcmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "proc_list.h"
#include "raw.h"

#define MOST 2048

static CF_TABLE const _Atomic int *_Atomic words[MOST];
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

/* What is mounted there may be that of another pid namespace, where others have these
   numbers. */
static bool is_proc_of(int self)
{
	struct cf_proc_list list;

	if (!cf_proc_list_open(&list, "/proc/self/task"))
		return false;
	bool is_own = cf_proc_list_next(&list) == self;
	cf_proc_list_close(&list);
	return is_own;
}

static enum cf_sharers compare_all(struct cf_proc_list *list, int self)
{
	bool is_one_found = false;
	int pid;

	while ((pid = cf_proc_list_next(list)) > 0) {
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
	struct cf_proc_list list;

	if (!is_proc_of(self) || !cf_proc_list_open(&list, "/proc"))
		return CF_SHARERS_UNKNOWN;
	enum cf_sharers sharers = compare_all(&list, self);
	cf_proc_list_close(&list);
	return sharers;
}
