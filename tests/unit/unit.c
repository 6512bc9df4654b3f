/* SPDX-License-Identifier: MIT */
/*
 * unit.c - every test in a process of its own.
 *
 * The runner adopts whatever a test leaves behind, tasks of ours included, and ends
 * it by its pid, so that a failed test leaves no stuck task.
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "private_mounts.h"
#include "raw.h"

#define FAILED	     1
#define SKIPPED	     77
#define MOST_SECONDS 30
#define NOBODY	     65534
#define PATHS	     8

static char directory[64];
static bool is_skipped;

static bool everything_is_required(void)
{
	const char *value = getenv("CURFEW_TEST_REQUIRE_ALL");

	return value && strcmp(value, "1") == 0;
}

void unit_skip(const char *reason)
{
	if (everything_is_required())
		fail_msg("cannot be done here: %s", reason);
	print_message("skipped: %s\n", reason);
	is_skipped = true;
	skip();
}

const char *unit_path(const char *name)
{
	static char paths[PATHS][160];
	static unsigned next;
	char *path = paths[next++ % PATHS];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void run_alone(const struct CMUnitTest *test) __attribute__((noreturn));

static void run_alone(const struct CMUnitTest *test)
{
	const struct CMUnitTest tests[] = { *test };

	is_skipped = false;
	alarm(MOST_SECONDS);
	int failed = cmocka_run_group_tests_name(test->name, tests, NULL, NULL);
	fflush(NULL);
	_exit(failed ? FAILED : is_skipped ? SKIPPED : 0);
}

static int start_and_wait(const struct CMUnitTest *test)
{
	int status;

	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		run_alone(test);
	if (child == -1 || waitpid(child, &status, 0) != child)
		return FAILED;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	print_error("%s: ended by signal %d\n", test->name, WTERMSIG(status));
	return FAILED;
}

void unit_in_child(CMUnitTestFunction body, void *state)
{
	const struct CMUnitTest test = { "in a child", body, NULL, NULL, state };
	int status = start_and_wait(&test);

	if (status == SKIPPED)
		unit_skip("its child has said why");
	assert_int_equal(status, 0);
}

/* Not vfork() itself: its child must not return, and a sanitizer makes it a fork(). */
void unit_in_vfork_child(void (*body)(void *argument), void *argument)
{
	static _Alignas(64) char stack[256 * 1024];
	int status = -1, unused;
	long pid = cf_raw_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + sizeof(stack),
				&unused, NULL, body, argument);

	assert_true(pid > 0);
	assert_int_equal(waitpid((pid_t)pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

void unit_enter_private_mounts(void)
{
	if (unshare(CLONE_NEWNS) == -1 || private_mounts_make() == -1)
		unit_skip("no right to make private mounts");
}

int unit_hear_stderr(void)
{
	int ends[2], before = fcntl(2, F_DUPFD_CLOEXEC, 100);

	stderr = fdopen(before, "w");
	assert_non_null(stderr);
	setvbuf(stderr, NULL, _IONBF, 0);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(dup2(ends[1], 2), 2);
	assert_int_equal(fcntl(2, F_SETFL, 0), 0);
	close(ends[1]);
	return ends[0];
}

void unit_drop_privileges(void)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) == -1 || setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
		unit_skip("no right to become another user");
	prctl(PR_SET_DUMPABLE,
	      1); /* as it would be had it begun so: /proc/self is ours */
}

void unit_pass(int64_t length_ms)
{
	struct timespec length = { length_ms / 1000, length_ms % 1000 * CF_MS };

	while (nanosleep(&length, &length) == -1 && errno == EINTR)
		;
}

int unit_count_fds(void)
{
	DIR *fds = opendir("/proc/self/fd");
	int count = -3; /* ".", ".." and the one that looks */

	assert_non_null(fds);
	while (readdir(fds))
		count++;
	closedir(fds);
	return count;
}

bool unit_await(bool (*is_true)(void *argument), void *argument, int64_t within_ms)
{
	cf_instant end = cf_clock_after(within_ms * CF_MS);

	while (!is_true(argument)) {
		if (cf_clock_left(end) == 0)
			return false;
		unit_pass(1);
	}
	return true;
}

void unit_assert_took(int64_t length_ns, int64_t from_ms, int64_t to_ms)
{
	int64_t length_ms = length_ns / CF_MS;

	if (length_ms < from_ms || length_ms > to_ms + UNIT_SLACK_MS)
		fail_msg("took %d ms, not %d to %d", (int)length_ms, (int)from_ms,
			 (int)to_ms);
}

/* End every child of ours, one by one, until there is none. */
static void end_what_is_left(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	for (;;) {
		FILE *children = fopen(path, "re");
		int pid;

		while (children && fscanf(children, "%d", &pid) == 1)
			kill(pid, SIGKILL);
		if (children)
			fclose(children);
		if (!children || waitpid(-1, NULL, __WALL) == -1)
			return;
	}
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

static int run_in_directory(const struct CMUnitTest *test)
{
	const char *base = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%s/curfew-unit-XXXXXX",
		 base && strlen(base) < 32 ? base : "/tmp");
	if (!mkdtemp(directory) || chmod(directory, 0777) == -1) {
		print_error("%s: no directory: %s\n", test->name, strerror(errno));
		return FAILED;
	}
	int status = start_and_wait(test);
	end_what_is_left();
	nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return status;
}

int unit_run_all(const struct CMUnitTest *tests, size_t count)
{
	int failed = 0, skipped = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (size_t i = 0; i < count; i++) {
		int status = run_in_directory(&tests[i]);

		failed += status != 0 && status != SKIPPED;
		skipped += status == SKIPPED;
	}
	printf("%zu tests, %d failed, %d skipped\n", count, failed, skipped);
	return failed ? FAILED : skipped ? SKIPPED : 0;
}
