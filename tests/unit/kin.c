/* SPDX-License-Identifier: MIT */
/*
 * kin.c - the children of a process, from /proc/PID/task/TID/children.
 */
#include "kin.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define PATIENCE_MS 5000

static bool is_called(pid_t pid, const char *name)
{
	char path[64], comm[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool read = fgets(comm, sizeof(comm), file);
	fclose(file);
	comm[strcspn(comm, "\n")] = '\0';
	return read && strcmp(comm, name) == 0;
}

static int count_of_thread(pid_t parent, const char *thread, const char *name,
			   pid_t *found)
{
	char path[320];
	int count = 0, pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)parent, thread);
	FILE *children = fopen(path, "re");
	while (children && fscanf(children, "%d", &pid) == 1) {
		if (!is_called(pid, name))
			continue;
		*found = pid;
		count++;
	}
	if (children)
		fclose(children);
	return count;
}

static int look(pid_t parent, const char *name, pid_t *found)
{
	char path[64];
	struct dirent *thread;
	int count = 0;

	*found = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)parent);
	DIR *threads = opendir(path);
	while (threads && (thread = readdir(threads))) {
		if (thread->d_name[0] != '.')
			count += count_of_thread(parent, thread->d_name, name, found);
	}
	if (threads)
		closedir(threads);
	return count;
}

int kin_count(pid_t parent, const char *name)
{
	pid_t found;

	return look(parent, name, &found);
}

pid_t kin_find(pid_t parent, const char *name)
{
	pid_t found;

	look(parent, name, &found);
	return found;
}

static bool is_there(void *name)
{
	return kin_find(getpid(), name) != 0;
}

void kin_end(const char *name)
{
	assert_true(unit_await(is_there, (void *)name, PATIENCE_MS));
	assert_int_equal(kill(kin_find(getpid(), name), SIGKILL), 0);
}

const char *kin_status(pid_t pid, const char *key)
{
	static char line[256];
	char path[64];
	size_t length = strlen(key);

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		if (strncmp(line, key, length) != 0 || line[length] != ':')
			continue;
		fclose(status);
		line[strcspn(line, "\n")] = '\0';
		return line + length + 1 + strspn(line + length + 1, " \t");
	}
	if (status)
		fclose(status);
	return "";
}

struct wanted {
	pid_t parent; /* of the process that is called so ... */
	const char *name;
	pid_t pid; /* ... or the process itself */
	long number;
};

static bool is_asleep(void *argument)
{
	struct wanted *wanted = argument;
	char path[64], line[128] = "";

	if (wanted->name)
		wanted->pid = kin_find(wanted->parent, wanted->name);
	if (!wanted->pid)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)wanted->pid);
	FILE *call = fopen(path, "re");
	bool read = call && fgets(line, sizeof(line), call);
	if (call)
		fclose(call);
	return read && line[0] != 'r' && strtol(line, NULL, 10) == wanted->number;
}

bool kin_await_asleep(pid_t pid, long number)
{
	struct wanted wanted = { .pid = pid, .number = number };

	return unit_await(is_asleep, &wanted, PATIENCE_MS);
}

void kin_end_when_asleep(const char *name, long number)
{
	struct wanted wanted = { .parent = getpid(), .name = name, .number = number };
	pid_t ender = fork();

	assert_true(ender != -1);
	if (ender != 0)
		return;
	if (unit_await(is_asleep, &wanted, PATIENCE_MS))
		kill(wanted.pid, SIGKILL);
	_exit(0);
}
