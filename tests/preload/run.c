/* SPDX-License-Identifier: MIT */
/*
 * run.c - start a program, stock or preloaded, and see how it fares.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bounds.h"
#include "scratch.h"
#include "suite.h"

#define MOST_RUNS      256
#define MOST_INHERITED 256
#define OUTPUT_BYTES   65537
#define LAST_BREATH_MS 5000

static struct running runs[MOST_RUNS];
static int run_count;

const char *run_preload(void)
{
	return "LD_PRELOAD=" CURFEW_TEST_PRELOAD;
}

static const char *own_path(const char *kind)
{
	char name[32];

	snprintf(name, sizeof(name), "%s-%d", kind, run_count);
	return scratch_path(name);
}

static struct marks *map_marks(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd != -1 && ftruncate(fd, sizeof(struct marks)) == 0);
	void *page = mmap(NULL, sizeof(struct marks), PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);
	assert_true(page != MAP_FAILED);
	close(fd);
	return page;
}

static int has_name_of(const char *variable, const char *given)
{
	size_t length = strcspn(given, "=") + 1;

	return strncmp(variable, given, length) == 0;
}

/* What the driver hands down is neither of ours nor given in the order. */
static int is_handed_down(const char *variable, const struct run_order *order)
{
	static const char *const ours[] = { "LD_PRELOAD=", "ASAN_OPTIONS=",
					    "TSAN_OPTIONS=" };

	if (strncmp(variable, "CURFEW", 6) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		if (has_name_of(variable, ours[i]))
			return 0;
	}
	for (int i = 0; i < RUN_MOST_VARIABLES && order->variables[i]; i++) {
		if (has_name_of(variable, order->variables[i]))
			return 0;
	}
	return 1;
}

static char **environment_of(const struct run_order *order, const char *marks,
			     const char *events)
{
	static char *environment[MOST_INHERITED + RUN_MOST_VARIABLES + 8];
	static char marks_variable[160], events_variable[160];
	int count = 0;

	for (char **at = environ; *at && count < MOST_INHERITED; at++) {
		if (is_handed_down(*at, order))
			environment[count++] = *at;
	}
	for (int i = 0; i < RUN_MOST_VARIABLES && order->variables[i]; i++)
		environment[count++] = (char *)order->variables[i];
	snprintf(marks_variable, sizeof(marks_variable), "CURFEW_TEST_MARKS=%s", marks);
	snprintf(events_variable, sizeof(events_variable), "CURFEW_EVENTS=%s", events);
	environment[count++] = marks_variable;
	environment[count++] = events_variable;
	/* A victim that is stuck cannot be searched for leaks; and an external symbolizer
	   would be preloaded itself. */
	environment[count++] = "ASAN_OPTIONS=detect_leaks=0:external_symbolizer_path=";
	environment[count++] = "TSAN_OPTIONS=atexit_sleep_ms=0:external_symbolizer_path=";
	if (!order->is_stock)
		environment[count++] = (char *)run_preload();
	environment[count] = NULL;
	return environment;
}

static void become_program(const struct run_order *order, const struct running *running,
			   int output, char **environment)
{
	const char *arguments[RUN_MOST_ARGUMENTS + 2] = { order->program };
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int errors = open(running->errors, O_WRONLY | O_APPEND | O_CLOEXEC);

	for (int i = 0; i < RUN_MOST_ARGUMENTS && order->arguments[i]; i++)
		arguments[i + 1] = order->arguments[i];
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* What our own parent has left open lies on mounts of another namespace. */
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	if (dup2(input, STDIN_FILENO) != -1 && dup2(output, STDOUT_FILENO) != -1 &&
	    dup2(errors, STDERR_FILENO) != -1)
		execve(order->program, (char **)arguments, environment);
	dprintf(STDERR_FILENO, "%s: %s\n", order->program, strerror(errno));
	_exit(127);
}

struct running *run_start(const struct run_order *order)
{
	assert_true(run_count < MOST_RUNS);
	struct running *running = &runs[run_count];
	int ends[2];

	const char *marks = own_path("marks");
	running->events = own_path("events");
	running->errors = own_path("errors");
	run_count++;
	running->marks = map_marks(marks);
	scratch_put(running->events, "");
	scratch_put(running->errors, "");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	running->output = ends[0];
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	char **environment = environment_of(order, marks, running->events);
	running->pid = fork();
	if (running->pid == 0)
		become_program(order, running, ends[1], environment);
	assert_true(running->pid > 0);
	setpgid(running->pid, running->pid);
	close(ends[1]);
	running->handle = (int)syscall(SYS_pidfd_open, running->pid, 0);
	assert_true(running->handle != -1);
	return running;
}

static int poll_one(int fd, short events, int within_ms)
{
	struct pollfd source = { .fd = fd, .events = events };

	return poll(&source, 1, within_ms) == 1;
}

int run_has_ended(const struct running *running)
{
	return poll_one(running->handle, POLLIN, 0);
}

/* For the log of a failed test: cmocka cuts off what is long. */
static void show_errors(const struct running *running)
{
	char *text = scratch_text(running->errors);

	fputs(text, stderr);
	free(text);
}

void run_assert_ends(struct running *running, int within_ms, int status)
{
	int raw;

	if (!poll_one(running->handle, POLLIN, within_ms)) {
		show_errors(running);
		fail_msg("still there after %d ms", within_ms);
	}
	assert_int_equal(waitpid(running->pid, &raw, 0), running->pid);
	running->reaped_ns = bounds_now();
	running->is_reaped = 1;
	int seen = WIFEXITED(raw) ? WEXITSTATUS(raw) : RUN_SIGNALLED + WTERMSIG(raw);
	if (seen != status) {
		show_errors(running);
		fail_msg("ended with %d, not %d", seen, status);
	}
}

void run_await_step(struct running *running, int step, int within_ms)
{
	for (int64_t until = bounds_after(within_ms); running->marks->step < step;) {
		if (!bounds_nap(until)) {
			show_errors(running);
			fail_msg("the victim has not come to step %d", step);
		}
	}
}

void run_await_call(struct running *running, int slot, int within_ms)
{
	for (int64_t until = bounds_after(within_ms);
	     !running->marks->call[slot].ended_ns;) {
		if (!bounds_nap(until)) {
			show_errors(running);
			fail_msg("call %d has not returned", slot);
		}
	}
}

void run_let_go(struct running *running, int go)
{
	running->marks->go = go;
}

const char *run_output(struct running *running)
{
	static char text[OUTPUT_BYTES];
	ssize_t count = read(running->output, text, sizeof(text) - 1);

	text[count > 0 ? count : 0] = '\0';
	return text;
}

int64_t run_await_end_of_output(struct running *running, int within_ms)
{
	int64_t until = bounds_after(within_ms);
	char text[512];
	ssize_t count;

	while ((count = read(running->output, text, sizeof(text))) != 0) {
		if (count == -1 && !bounds_nap(until))
			fail_msg("its stdout is still open after %d ms", within_ms);
	}
	return bounds_now();
}

int run_end_all(void)
{
	int all_ended = 1;

	for (int i = 0; i < run_count; i++) {
		struct running *running = &runs[i];

		if (running->handle == 0)
			continue;
		if (!running->is_reaped) {
			kill(-running->pid, SIGKILL);
			if (poll_one(running->handle, POLLIN, LAST_BREATH_MS))
				waitpid(running->pid, NULL, 0);
			else
				all_ended = 0;
		}
		close(running->handle);
		close(running->output);
		running->handle = 0;
	}
	return all_ended;
}
