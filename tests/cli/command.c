/* SPDX-License-Identifier: MIT */
/*
 * command.c - fork, exec, poll: the hands of the tests of the command.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"

#define SKIPPED 77

static char copy_root[64];
static bool is_skipped;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put_runtime_first(void)
{
	const char *runtime = getenv("CURFEW_TEST_RUNTIME");
	const char *given = getenv("LD_PRELOAD");
	char list[4096];

	if (!runtime)
		return;
	snprintf(list, sizeof(list), "%s%s%s", runtime, given ? ":" : "",
		 given ? given : "");
	setenv("LD_PRELOAD", list, 1);
}

static void become(const char *const argv[], int out, int err, void (*prepare)(void))
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int number = 1; number <= SIGRTMAX; number++)
		signal(number, SIG_DFL); /* whatever started the tests may ignore some */
	if (out != -1)
		dup2(out, STDOUT_FILENO);
	if (err != -1)
		dup2(err, STDERR_FILENO);
	put_runtime_first();
	if (prepare)
		prepare();
	execv(argv[0], (char *const *)argv);
	_exit(200);
}

/* Read what is there; false at the end of file. */
static bool read_some(int fd, char *buffer, size_t bytes)
{
	size_t length = strlen(buffer);
	char beyond[512];
	bool room = length + 1 < bytes;
	ssize_t got = room ? read(fd, buffer + length, bytes - length - 1)
			   : read(fd, beyond, sizeof(beyond));

	if (got > 0 && room)
		buffer[length + (size_t)got] = '\0';
	return got > 0;
}

static void collect(struct outcome *outcome, int out, int err, int64_t until)
{
	struct pollfd sources[] = { { .fd = out, .events = POLLIN },
				    { .fd = err, .events = POLLIN } };

	while ((sources[0].fd != -1 || sources[1].fd != -1) && now_ms() < until) {
		poll(sources, 2, (int)(until - now_ms()));
		if (sources[0].revents &&
		    !read_some(out, outcome->out, sizeof(outcome->out)))
			sources[0].fd = -1;
		if (sources[1].revents &&
		    !read_some(err, outcome->err, sizeof(outcome->err)))
			sources[1].fd = -1;
	}
}

/* Wait for a state change until the instant; false when none came. */
static bool wait_until(pid_t pid, int *wait_status, int options, int64_t until)
{
	while (waitpid(pid, wait_status, options | WNOHANG) == 0) {
		if (now_ms() >= until)
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}

static void must_end(pid_t pid, int *wait_status, int options, int64_t until)
{
	if (wait_until(pid, wait_status, options, until))
		return;
	kill(pid, SIGKILL);
	waitpid(pid, wait_status, 0);
	fail_msg("not over after %d ms", PATIENCE_MS);
}

void command_run(struct outcome *outcome, const char *const argv[])
{
	int64_t start = now_ms();
	int out[2];
	int err[2];

	*outcome = (struct outcome){ 0 };
	assert_int_equal(pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0)
		become(argv, out[1], err[1], NULL);
	close(out[1]);
	close(err[1]);
	collect(outcome, out[0], err[0], start + PATIENCE_MS);
	close(out[0]);
	close(err[0]);
	must_end(pid, &outcome->wait_status, 0, start + PATIENCE_MS);
	outcome->elapsed_ms = (int)(now_ms() - start);
}

void command_expect(const struct outcome *outcome, int status)
{
	if (WIFEXITED(outcome->wait_status) &&
	    WEXITSTATUS(outcome->wait_status) == status)
		return;
	fail_msg("wait status %#x instead of exit %d; stdout: %s; stderr: %s",
		 (unsigned)outcome->wait_status, status, outcome->out, outcome->err);
}

int command_lines(const char *text)
{
	int lines = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		lines++;
		text++;
	}
	return lines;
}

struct running command_start(const char *const argv[], void (*prepare)(void))
{
	struct running running;
	int out[2];

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	running.pid = fork();
	if (running.pid == 0)
		become(argv, out[1], -1, prepare);
	close(out[1]);
	running.out = out[0];
	return running;
}

void command_line(const struct running *running, char *buffer, size_t bytes)
{
	struct pollfd source = { .fd = running->out, .events = POLLIN };
	size_t length = 0;

	while (length + 1 < bytes) {
		if (poll(&source, 1, PATIENCE_MS) != 1 ||
		    read(running->out, buffer + length, 1) != 1)
			fail_msg("no line came after '%.*s'", (int)length, buffer);
		if (buffer[length] == '\n')
			break;
		length++;
	}
	buffer[length] = '\0';
}

void command_rest(const struct running *running, char *buffer, size_t bytes)
{
	struct pollfd source = { .fd = running->out, .events = POLLIN };

	buffer[0] = '\0';
	do {
		if (poll(&source, 1, PATIENCE_MS) != 1)
			fail_msg("no end of output after '%s'", buffer);
	} while (read_some(running->out, buffer, bytes));
	close(running->out);
}

int command_wait(const struct running *running, int options)
{
	int wait_status = 0;

	must_end(running->pid, &wait_status, options, now_ms() + PATIENCE_MS);
	return wait_status;
}

void command_read(const char *path, char *buffer, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	buffer[0] = '\0';
	while (fd != -1 && read_some(fd, buffer, bytes))
		continue;
	if (fd != -1)
		close(fd);
}

static char state_of(pid_t pid)
{
	char path[64];
	char text[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	command_read(path, text, sizeof(text));
	char *end = strrchr(text, ')');
	return end ? end[2] : '-';
}

void command_await_state(pid_t pid, char state)
{
	int64_t until = now_ms() + PATIENCE_MS;

	while (state_of(pid) != state) {
		if (now_ms() >= until)
			fail_msg("process %d is in state %c, not %c", (int)pid,
				 state_of(pid), state);
		poll(NULL, 0, 1);
	}
}

const char *command_copy_prefix(const char *name)
{
	static char path[256];
	struct outcome outcome;

	strcpy(copy_root, "/tmp/curfew-test-XXXXXX");
	assert_non_null(mkdtemp(copy_root));
	snprintf(path, sizeof(path), "%s/%s", copy_root, name);
	COMMAND(&outcome, "/bin/cp", "-a", CURFEW_PREFIX, path);
	command_expect(&outcome, 0);
	COMMAND(&outcome, "/bin/chmod", "-R", "a+rX", copy_root);
	command_expect(&outcome, 0);
	return path;
}

int command_remove_copy(void **state)
{
	struct outcome outcome;

	(void)state;
	if (copy_root[0])
		COMMAND(&outcome, "/bin/rm", "-rf", copy_root);
	copy_root[0] = '\0';
	return 0;
}

void command_skip(const char *reason)
{
	const char *all = getenv("CURFEW_TEST_REQUIRE_ALL");

	if (all && strcmp(all, "1") == 0)
		fail_msg("must not be skipped here: %s", reason);
	print_message("skipped: %s\n", reason);
	is_skipped = true;
	skip();
}

int command_result(int failed)
{
	return failed == 0 && is_skipped ? SKIPPED : failed;
}
