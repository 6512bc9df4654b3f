/* SPDX-License-Identifier: MIT */
/*
 * test_parked_children.c - a program with parked numbers has children, runs programs and
 * comes to its end as if it had closed them: each number stays what it was in the table
 * of each process.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bounds.h"
#include "census.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define PYTHON	     "/usr/bin/python3"
#define CROWD	     10000
#define CROWD_TEXT   "10000"
#define FILE_MS	     300
#define SOON_MS	     10
#define CHILD_STATUS 5
#define PATIENCE_MS  15000

static struct running *start(struct mount *fuse, const char *verb, const char *argument)
{
	const char *path = mount_put(fuse, "file");

	mount_hang(fuse, WEDGE_FLUSH);
	return run_start(&(struct run_order){ .program = RUN_VICTIM("parked_child"),
					      .arguments = { verb, path, argument } });
}

static void children_of_a_program_with_parked_numbers_come_to_their_end(void **state)
{
	static const struct {
		const char *way;
		int status;
	} children[] = { { "fork and exec", 0 },  { "fork and _exit", 3 },
			 { "fork and exit", 4 },  { "posix_spawn", 0 },
			 { "vfork and exec", 0 }, { "system", 5 } };
	struct mount *fuse = mount_start(NULL);

	(void)state;
	census_require(CROWD);
	struct running *victim = start(fuse, "children", CROWD_TEXT);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	for (int slot = 0; slot < 6; slot++) {
		const struct mark *call = &victim->marks->call[slot];

		bounds_took(children[slot].way, call, 0, FILE_MS);
		assert_true(WIFEXITED(call->result));
		assert_int_equal(WEXITSTATUS(call->result), children[slot].status);
	}
	bounds_span("exit", victim->marks->left_ns, victim->reaped_ns, 0, FILE_MS);
	bounds_span("stdout", victim->marks->left_ns,
		    run_await_end_of_output(victim, PATIENCE_MS), 0, FILE_MS);
	census_await(victim, 0, CROWD);
}

static void assert_child_closed_in_its_own_table(struct running *victim)
{
	struct marks *marks = victim->marks;

	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("close there", &marks->call[1], 0, SOON_MS);
	assert_int_equal(marks->call[1].result, -1);
	assert_int_equal(marks->call[1].error, EBADF);
	bounds_span("exit", marks->left_ns, victim->reaped_ns, 0, FILE_MS);
}

static struct running *with_another(struct mount *fuse, const char *verb)
{
	const char *other = scratch_path("other");

	scratch_put(other, "another\n");
	return start(fuse, verb, other);
}

static void a_vfork_child_leaves_the_numbers_of_its_parent_alone(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = with_another(fuse, "vforked");
	assert_child_closed_in_its_own_table(victim);
	assert_true(WIFEXITED(victim->marks->number[3]));
	assert_int_equal(WEXITSTATUS(victim->marks->number[3]), CHILD_STATUS);
}

static void a_thread_with_its_own_table_leaves_the_numbers_of_others_alone(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	assert_child_closed_in_its_own_table(with_another(fuse, "unshared"));
}

static void
what_a_thread_puts_on_a_number_in_its_own_table_is_nothing_to_others(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	assert_child_closed_in_its_own_table(with_another(fuse, "put"));
}

static const char script[] =
	"import os, resource, subprocess, sys, time\n"
	"count = 10000\n"
	"hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
	"resource.setrlimit(resource.RLIMIT_NOFILE, (count + 256, hard))\n"
	"fds = [os.open(sys.argv[1], os.O_RDONLY) for i in range(count)]\n"
	"began = time.monotonic()\n"
	"for fd in fds:\n"
	"    os.close(fd)\n"
	"def lap(what, most):\n"
	"    global began\n"
	"    now = time.monotonic()\n"
	"    print(what, now - began < most or now - began)\n"
	"    began = now\n"
	"lap('close', 2 + float(sys.argv[2]))\n"
	"print(subprocess.run(['/bin/true']).returncode)\n"
	"lap('run', 0.3 + float(sys.argv[2]))\n"
	"print(subprocess.run(['/bin/sh', '-c', 'echo hello; exit 3'],"
	" capture_output=True, close_fds=False))\n"
	"lap('sh', 0.3 + float(sys.argv[2]))\n"
	"pid = os.fork()\n"
	"if pid == 0:\n"
	"    os._exit(4)\n"
	"print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
	"lap('fork', 0.3 + float(sys.argv[2]))\n"
	"sys.exit(7)\n";

static void python_closes_a_crowd_and_runs_subprocesses(void **state)
{
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");
	char slack[32];

	(void)state;
	census_require(CROWD);
	if (access(PYTHON, X_OK) != 0)
		suite_skip("no " PYTHON);
	snprintf(slack, sizeof(slack), "%d.%03d", bounds_slack_ms() / 1000,
		 bounds_slack_ms() % 1000);
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *python = run_start(&(struct run_order){
		.program = PYTHON, .arguments = { "-I", "-c", script, path, slack } });
	run_assert_ends(python, PATIENCE_MS, 7);
	assert_string_equal(
		run_output(python),
		"close True\n0\nrun True\n"
		"CompletedProcess(args=['/bin/sh', '-c', 'echo hello; exit 3'],"
		" returncode=3, stdout=b'hello\\n', stderr=b'')\n"
		"sh True\n4\nfork True\n");
	census_await(python, 0, CROWD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(children_of_a_program_with_parked_numbers_come_to_their_end),
		SUITE_TEST(a_vfork_child_leaves_the_numbers_of_its_parent_alone),
		SUITE_TEST(
			a_thread_with_its_own_table_leaves_the_numbers_of_others_alone),
		SUITE_TEST(
			what_a_thread_puts_on_a_number_in_its_own_table_is_nothing_to_others),
		SUITE_TEST(python_closes_a_crowd_and_runs_subprocesses),
	};

	return suite_run(tests);
}
