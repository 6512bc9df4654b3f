/* SPDX-License-Identifier: MIT */
/*
 * test_own_calls.c - under strace the calls of a healthy program differ by what the
 * library reads to classify, and by nothing else.
 */
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "scratch.h"
#include "suite.h"
#include "trace.h"

#define LOOK   "statx(*, \"\", AT_STATX_DONT_SYNC|AT_EMPTY_PATH"
#define LINGER "getsockopt(*, SOL_SOCKET, SO_LINGER"

static struct trace stock, preloaded;

/* Every kind of close has been seen before: no more than a look, or two at a socket. */
static const char *const reads[] = { LOOK, LINGER, NULL };

#define PROC_READS                                                                       \
	"openat(AT_FDCWD, \"/proc/self/", "openat(AT_FDCWD, \"/proc/thread-self/",       \
		"readlinkat(AT_FDCWD, \"/proc/thread-self/", "fcntl(*, F_DUPFD_CLOEXEC", \
		"read(", "close(", "getdents64("

/* The first file of a mount asks what the mount is. */
static const char *const first_reads[] = { LOOK, LINGER, PROC_READS, NULL };

/* Its end counts what is open and looks at it, asks whether it is a vfork child's, and
   whether stdout takes what stdio holds; where there are handlers, a thread waits beside
   them. */
#define END_READS                                                                        \
	"fcntl(*, F_GETFD", "statx(AT_FDCWD, \"/proc/thread-self/fd\"", "getppid(",      \
		"getpid(", "gettid(", "prctl(PR_GET_TID_ADDRESS", "kcmp(", "ppoll(",     \
		"process_vm_readv(", "rt_sigprocmask(SIG_SETMASK, ",                     \
		"clone(child_stack=*, "                                                  \
		"flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|"                     \
		"CLONE_THREAD"

/* The loader maps the library, and the library looks around once. */
static const char *const start_reads[] = { LOOK,
					   LINGER,
					   PROC_READS,
					   "openat(AT_FDCWD, \"" CURFEW_TEST_PRELOAD
					   "\", O_RDONLY|O_CLOEXEC",
					   "newfstatat(*, \"\"",
					   "fstat(",
					   "prctl(PR_GET_NAME",
					   END_READS,
					   NULL };

static void require_strace(void)
{
	if (access(TRACE_STRACE, X_OK) != 0)
		suite_skip("no " TRACE_STRACE);
}

static void trace_every_kind_of_close(void)
{
	const char *const arguments[] = { "everything", scratch_directory(), NULL };

	require_strace();
	trace_run(&stock, RUN_VICTIM("ordinary"), arguments, 1, VICTIM_STATUS);
	trace_run(&preloaded, RUN_VICTIM("ordinary"), arguments, 0, VICTIM_STATUS);
}

static void a_close_that_cannot_hang_adds_one_look_and_for_a_socket_two(void **state)
{
	static struct trace stock_part, preloaded_part;
	int closes = 0, sockets = 0;

	(void)state;
	trace_every_kind_of_close();
	trace_cut(&stock, "MARK again", "MARK end", &stock_part);
	trace_cut(&preloaded, "MARK again", "MARK end", &preloaded_part);
	for (int i = 0; i < stock_part.count; i++)
		closes += strncmp(stock_part.calls[i], "close(", 6) == 0;
	for (int i = 0; i < preloaded_part.count; i++)
		sockets += strncmp(preloaded_part.calls[i], "getsockopt(", 11) == 0;
	int added = trace_assert_only_adds(&stock_part, &preloaded_part, reads);
	assert_int_equal(closes, 18);
	assert_int_equal(sockets, 4);
	assert_int_equal(added, closes + sockets);
}

static void the_first_close_on_a_mount_reads_what_the_mount_is(void **state)
{
	static struct trace stock_part, preloaded_part;

	(void)state;
	trace_every_kind_of_close();
	trace_cut(&stock, "MARK begin", "MARK again", &stock_part);
	trace_cut(&preloaded, "MARK begin", "MARK again", &preloaded_part);
	assert_true(trace_assert_only_adds(&stock_part, &preloaded_part, first_reads) >
		    0);
}

static void an_ordinary_command_makes_its_own_calls_and_no_others(void **state)
{
	static const struct {
		const char *program;
		const char *arguments[6];
	} commands[] = {
		{ "/bin/cat", { "/etc/passwd" } },
		{ "/bin/ls", { "-l", "/etc/passwd" } },
		{ "/usr/bin/sort", { "/etc/passwd" } },
		{ "/bin/tar", { "-cf", "/dev/null", "-C", "/etc", "passwd" } },
		{ "/bin/cp", { "/etc/passwd", "copy" } },
	};

	(void)state;
	require_strace();
	assert_int_equal(chdir(scratch_directory()), 0);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		unlink("copy");
		trace_run(&stock, commands[i].program, commands[i].arguments, 1, 0);
		unlink("copy");
		trace_run(&preloaded, commands[i].program, commands[i].arguments, 0, 0);
		assert_true(trace_assert_only_adds(&stock, &preloaded, start_reads) > 0);
	}
	assert_int_equal(chdir("/"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_close_that_cannot_hang_adds_one_look_and_for_a_socket_two),
		SUITE_TEST(the_first_close_on_a_mount_reads_what_the_mount_is),
		SUITE_TEST(an_ordinary_command_makes_its_own_calls_and_no_others),
	};

	return suite_run(tests);
}
