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
 *   straggler MIB PATH   has a vfork child: when its parent is gone it waits 1 s, looks at
 *                        the memory and executes `resumed`
 *   helped MIB PATH      has a helper by clone(CLONE_VM) and returns 7 from main; the helper
 *                        then looks at the memory for 1 s: step 2, and ends at 2
 *   unshared MIB PATH    has unshared its pid namespace before the close; looks at the
 *                        memory and at a pipe of its own in the end
 *   fathered MIB PATH    the same with a first child, which ends with it
 *
 * Number 0 is the segment, number 1 how much of the memory is no longer what it was.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

#define WRITTEN_BYTES 65536
#define HELPER_STACK  65536

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
	nanosleep(&(struct timespec){ 1, 0 }, NULL);
	look_at_wealth();
	resume();
	_exit(127);
}

static int help(void *program)
{
	while (getppid() == *(pid_t *)program)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	for (int i = 0; i < 10; i++) {
		look_at_wealth();
		nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
	}
	victim_step(2);
	victim_await(2);
	return 0;
}

/* clone() by a name that no sanitizer stands in for: theirs needs the caller to wait. */
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

static int run_helped(char **arguments)
{
	static _Alignas(64) char stack[HELPER_STACK];
	static pid_t self;

	self = getpid();
	close_and_wait(arguments);
	victim_need(__clone(help, stack + HELPER_STACK, CLONE_VM | CLONE_FS, &self) != -1,
		    "clone");
	return victim_leave(VICTIM_STATUS);
}

static int run_on(char **arguments)
{
	int ends[2];

	victim_need(pipe(ends) == 0, "pipe");
	close_and_wait(arguments);
	look_at_wealth();
	victim_need(write(ends[1], "x", 1) == 1, "the pipe is there");
	return victim_leave(VICTIM_STATUS);
}

static int run_unshared(char **arguments)
{
	victim_need(unshare(CLONE_NEWPID) == 0, "unshare");
	return run_on(arguments);
}

static int run_fathered(char **arguments)
{
	victim_need(unshare(CLONE_NEWPID) == 0, "unshare");
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return run_on(arguments);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "exit", run_exit },	      { "killed", run_killed },
		{ "exec", run_exec },	      { "resumed", run_resumed },
		{ "vfork", run_vfork },	      { "straggler", run_straggler },
		{ "helped", run_helped },     { "unshared", run_unshared },
		{ "fathered", run_fathered }, { NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
