/* SPDX-License-Identifier: MIT */
/*
 * demo_child.c - one process that the demo starts: a victim or a server.
 *
 * stderr is a memory file and not a pipe: whoever still holds it after the end of
 * the child cannot keep the demo waiting.
 */
#include "demo_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy.h"

#define CANNOT_EXECUTE 126

static void set_environment(const struct demo_launch *launch)
{
	const struct cf_option *option;

	for (size_t i = 0; (option = cf_policy_option(i)); i++)
		unsetenv(option->variable);
	if (launch->setting)
		putenv((char *)launch->setting);
	if (launch->library)
		setenv("LD_PRELOAD", launch->library, 1);
	else
		unsetenv("LD_PRELOAD");
}

static void become(const struct demo_launch *launch, pid_t parent, int said)
	__attribute__((noreturn));

static void become(const struct demo_launch *launch, pid_t parent, int said)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(CANNOT_EXECUTE);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	if (launch->passed != -1)
		fcntl(launch->passed, F_SETFD, 0);
	set_environment(launch);
	execv(launch->path, launch->arguments);
	dprintf(STDERR_FILENO, "cannot execute %s: %s\n", launch->path, strerror(errno));
	_exit(CANNOT_EXECUTE);
}

bool demo_child_start(struct demo_child *child, const struct demo_launch *launch)
{
	pid_t parent = getpid();

	child->said = memfd_create("said", MFD_CLOEXEC);
	if (child->said == -1)
		return false;
	child->pid = fork();
	if (child->pid == 0)
		become(launch, parent, child->said);
	if (child->pid == -1)
		goto close_said;
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->pidfd != -1)
		return true;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
close_said:
	close(child->said);
	return false;
}

bool demo_child_wait(const struct demo_child *child, cf_instant deadline)
{
	struct pollfd end = { .fd = child->pidfd, .events = POLLIN };
	int ready;

	do {
		int64_t left_ns = cf_clock_left(deadline);
		ready = poll(&end, 1, (int)((left_ns + CF_MS - 1) / CF_MS));
	} while (ready == -1 && errno == EINTR);
	return ready == 1;
}

void demo_child_line(const struct demo_child *child, const char *start, char *line,
		     size_t bytes)
{
	char text[4096];
	ssize_t length = pread(child->said, text, sizeof(text) - 1, 0);
	char *rest = text;
	char *next;

	line[0] = '\0';
	text[length > 0 ? length : 0] = '\0';
	while ((next = strsep(&rest, "\n"))) {
		if (!*next || strncmp(next, start, strlen(start)) != 0)
			continue;
		strncat(line, next, bytes - 1);
		return;
	}
}

int demo_child_end(struct demo_child *child)
{
	int status = 0;

	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	close(child->pidfd);
	close(child->said);
	return status;
}
