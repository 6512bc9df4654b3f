/* SPDX-License-Identifier: MIT */
/*
 * stuck_hand.c - look through /proc for tasks with the name of a hand.
 *
 * A /proc of another namespace shows strangers too: there only our own children count,
 * and a hand becomes one when its program is gone.
 */
#include "stuck_hand.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "errand.h"
#include "task_status.h"

#define ENDING_NS (100 * CF_MS)
#define LOOK_MS	  5

static bool is_hand(long pid)
{
	struct task_status status;
	char directory[64];

	snprintf(directory, sizeof(directory), "/proc/%ld", pid);
	return task_status_read(&status, directory) && status.state != 'Z' &&
	       strcmp(status.name, CF_ERRAND_TASK_NAME) == 0;
}

static bool is_proc_ours(void)
{
	char self[16] = "";

	return readlink("/proc/self", self, sizeof(self) - 1) > 0 &&
	       strcmp(self, "1") == 0;
}

static bool is_any_a_hand(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (proc && !found && (entry = readdir(proc)) != NULL) {
		long pid = strtol(entry->d_name, NULL, 10);

		found = pid > 0 && is_hand(pid);
	}
	if (proc)
		closedir(proc);
	return found;
}

static bool is_child_a_hand(void)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	bool found = false;
	long pid;

	while (children && !found && fscanf(children, "%ld", &pid) == 1)
		found = is_hand(pid);
	if (children)
		fclose(children);
	return found;
}

bool stuck_hand_is_left(void)
{
	cf_instant until = cf_clock_after(ENDING_NS);
	bool is_ours = is_proc_ours();

	while (is_ours ? is_any_a_hand() : is_child_a_hand()) {
		if (cf_clock_left(until) == 0)
			return true;
		poll(NULL, 0, LOOK_MS);
	}
	return false;
}
