/* SPDX-License-Identifier: MIT */
/*
 * stuck_thread.c - the threads of a process in /proc: states by us, places by a child.
 *
 * syscall and wchan ask for a lock that a thread stuck in an exec holds; a child that
 * waits for it can be ended.
 */
#include "stuck_thread.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "syscall_name.h"
#include "task_status.h"

#define PLACE_MS 200

static int weight(const struct task_status *status)
{
	return status->state == 'D' ? 2 : status->state == 'S' ? 1 : 0;
}

/* The thread that sleeps deepest: 0 when none does. */
static pid_t find_sleeper(pid_t process, struct task_status *sleeper)
{
	char path[64];
	pid_t found = 0;
	struct dirent *entry;

	*sleeper = (struct task_status){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/task", (int)process);
	DIR *threads = opendir(path);
	while (threads && (entry = readdir(threads)) != NULL) {
		struct task_status status;
		char directory[64 + sizeof(entry->d_name)];

		snprintf(directory, sizeof(directory), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] == '.' || !task_status_read(&status, directory) ||
		    weight(&status) <= weight(sleeper))
			continue;
		*sleeper = status;
		found = atoi(entry->d_name);
	}
	if (threads)
		closedir(threads);
	return found;
}

static void read_line(pid_t process, pid_t tid, const char *name, char *line, int bytes)
{
	char path[96];

	line[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)process, (int)tid, name);
	FILE *file = fopen(path, "re");
	if (file && !fgets(line, bytes, file))
		line[0] = '\0';
	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = '\0';
}

static void describe(char *place, size_t bytes, pid_t process, pid_t tid, bool has_memory)
{
	char call[256];
	char channel[64];
	char name[64] = "its end"; /* the call that it has come from is history */

	read_line(process, tid, "syscall", call, sizeof(call));
	read_line(process, tid, "wchan", channel, sizeof(channel));
	if (has_memory)
		syscall_name(name, sizeof(name), call);
	bool is_known = channel[0] != '\0' && strcmp(channel, "0") != 0;
	snprintf(place, bytes, "%s%s%s%s%s", name[0] ? " in " : "", name,
		 is_known ? " (" : "", is_known ? channel : "", is_known ? ")" : "");
}

static void describe_to(int out, pid_t parent, const struct stuck_thread *thread,
			pid_t process, bool has_memory)
{
	char place[sizeof(thread->place)];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(out, STDIN_FILENO) == -1)
		_exit(0);
	closefrom(STDOUT_FILENO); /* a reader of the program's output waits for its end */
	describe(place, sizeof(place), process, thread->tid, has_memory);
	if (write(STDIN_FILENO, place, strlen(place)) == -1)
		_exit(1);
	_exit(0);
}

bool stuck_thread_find(struct stuck_thread *thread, pid_t process)
{
	struct task_status status;
	pid_t self = getpid();
	int report[2];

	*thread = (struct stuck_thread){ .tid = find_sleeper(process, &status) };
	if (thread->tid == 0)
		return false;
	if (pipe2(report, O_CLOEXEC) == -1)
		return true;
	pid_t child = fork();
	if (child == 0)
		describe_to(report[1], self, thread, process, status.has_memory);
	close(report[1]);
	struct pollfd answer = { .fd = report[0], .events = POLLIN };
	if (poll(&answer, 1, PLACE_MS) == 1 &&
	    read(report[0], thread->place, sizeof(thread->place) - 1) == -1)
		thread->place[0] = '\0';
	close(report[0]);
	if (child != -1)
		kill(child, SIGKILL);
	return true;
}
