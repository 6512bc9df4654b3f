/* SPDX-License-Identifier: MIT */
/*
 * test_python.c - a program of the system that knows nothing of us, with subprocesses.
 */
#include <unistd.h>

#include "events.h"
#include "mount.h"
#include "run.h"
#include "suite.h"

#define PYTHON	    "/usr/bin/python3"
#define PATIENCE_MS 10000

static void python_closes_a_file_and_runs_subprocesses(void **state)
{
	static const char script[] =
		"import os, subprocess, sys, time\n"
		"fd = os.open(sys.argv[1], os.O_RDONLY)\n"
		"began = time.monotonic()\n"
		"os.close(fd)\n"
		"print(0.3 <= time.monotonic() - began < 1.5)\n"
		"print(subprocess.run(['/bin/echo', 'hello'], capture_output=True,"
		" close_fds=True).stdout)\n"
		"print(subprocess.run(['/bin/false']).returncode)\n"
		"with os.popen('echo popen') as pipe:\n"
		"    print(pipe.read(), end='')\n"
		"pid = os.fork()\n"
		"if pid == 0:\n"
		"    os._exit(4)\n"
		"print(os.waitstatus_to_exitcode(os.waitpid(-1, 0)[1]))\n"
		"sys.exit(7)\n";
	struct mount *fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");

	(void)state;
	if (access(PYTHON, X_OK) != 0)
		suite_skip("no " PYTHON);
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *python = run_start(&(struct run_order){
		.program = PYTHON, .arguments = { "-I", "-c", script, path } });
	run_assert_ends(python, PATIENCE_MS, 7);
	assert_string_equal(run_output(python), "True\nb'hello\\n'\n1\npopen\n4\n");
	events_assert_count(python->events, "expired", 1);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(python_closes_a_file_and_runs_subprocesses),
	};

	return suite_run(tests);
}
