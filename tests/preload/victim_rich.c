/* SPDX-License-Identifier: MIT */
/*
 * victim_rich.c - has much memory and a segment of shared memory attached, closes a file
 * that it has written (call 0), and goes on at step 1 when the driver says 1.
 *
 *   exit MIB PATH        returns 7 from main
 *   killed MIB PATH      sleeps until it is killed
 *   exec MIB PATH        executes `resumed`
 *   resumed              step 2, sleeps until the driver says 2, returns 8
 *   vfork MIB PATH       the close is that of a vfork child, which ends before step 1; in the
 *                        end looks at its memory
 *   straggler MIB PATH   has a vfork child: when its parent is gone it waits 100 ms, looks
 *                        at the memory and executes `resumed`
 *
 * Number 0 is the segment, number 1 how much of the memory is no longer what it was.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

#define WRITTEN_BYTES 65536

static char *wealth;
static size_t wealth_bytes;

static void become_rich(const char *mib)
{
	int segment = shmget(IPC_PRIVATE, WRITTEN_BYTES, IPC_CREAT | 0600);
	char *attached = shmat(segment, NULL, 0);

	/* Good as long as it is attached. */
	victim_need(attached != (char *)-1 && shmctl(segment, IPC_RMID, NULL) == 0,
		    "attach a segment");
	victim_marks->number[0] = segment;
	wealth_bytes = (size_t)strtoul(mib, NULL, 10) << 20;
	wealth = malloc(wealth_bytes);
	victim_need(wealth != NULL, "malloc");
	memset(wealth, 'x', wealth_bytes);
}

static void look_at_wealth(void)
{
	int64_t lost = 0;

	for (size_t i = 0; i < wealth_bytes; i++)
		lost += wealth[i] != 'x';
	victim_marks->number[1] = lost;
}

static int open_written(const char *path)
{
	int fd = victim_open(path, O_RDWR | O_CREAT | O_CLOEXEC);

	victim_need(write(fd, wealth, WRITTEN_BYTES) == WRITTEN_BYTES, "write");
	return fd;
}

static void close_and_wait(char **arguments)
{
	become_rich(arguments[0]);
	victim_close(0, open_written(arguments[1]));
	victim_step(1);
	victim_await(1);
}

static int run_exit(char **arguments)
{
	close_and_wait(arguments);
	return victim_leave(VICTIM_STATUS);
}

static int run_killed(char **arguments)
{
	close_and_wait(arguments);
	victim_await(INT_MAX);
	return 0;
}

static void resume(void)
{
	execl("/proc/self/exe", "victim_rich", "resumed", (char *)NULL);
}

static int run_exec(char **arguments)
{
	close_and_wait(arguments);
	victim_leave(0);
	resume();
	victim_need(0, "exec");
	return 0;
}

static int run_resumed(char **arguments)
{
	(void)arguments;
	victim_step(2);
	victim_await(2);
	return victim_leave(VICTIM_STATUS + 1);
}

static int run_vfork(char **arguments)
{
	int status = -1;

	become_rich(arguments[0]);
	int fd = open_written(arguments[1]);
	pid_t child = vfork();
	if (child == 0) {
		victim_close(0, fd);
		_exit(0);
	}
	victim_need(waitpid(child, &status, 0) == child && status == 0, "vfork");
	victim_step(1);
	victim_await(1);
	look_at_wealth();
	return victim_leave(VICTIM_STATUS);
}

static int run_straggler(char **arguments)
{
	pid_t parent = getpid();

	close_and_wait(arguments);
	if (vfork() != 0) {
		victim_await(INT_MAX); /* a sanitizer makes it a fork() */
		return 0;
	}
	while (getppid() == parent)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
	look_at_wealth();
	resume();
	_exit(127);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "exit", run_exit },	{ "killed", run_killed },
		{ "exec", run_exec },	{ "resumed", run_resumed },
		{ "vfork", run_vfork }, { "straggler", run_straggler },
		{ NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
