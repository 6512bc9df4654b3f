/* SPDX-License-Identifier: MIT */
/*
 * victim_parked_child.c - closes a crowd of descriptors of one mount, and then has
 * children, or a thread with an fd table of its own.
 *
 *   closes PATH            closes 200 (call 0), with nothing after it
 *   children PATH COUNT    closes COUNT from 8 threads (call 0), step 1; then, each with its wait
 *                          and the wait status: fork and exec (call 0), fork and _exit 3
 *                          (call 1), fork and exit 4 (call 2), posix_spawn (call 3), vfork
 *                          and exec (call 4), all of /bin/true; system("exit 5") (call 5).
 *                          Number 3: how many numbers the second one could not close
 *   vforked PATH OTHER     closes 200 (call 0); a vfork child closes a parked number
 *                          (call 1) and OTHER, and ends with 5; number 3: the wait status
 *   unshared PATH OTHER    the same in a thread with a table of its own
 *   put PATH OTHER         the same, and there one of the parked numbers becomes OTHER
 *
 * Numbers 0 to 2: see crowd_close().
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "victim.h"
#include "victim_crowd.h"

#define FEW	     200 /* more than there are hands */
#define THREADS	     8
#define CHILD_STATUS 5
#define PROGRAM	     "/bin/true"

extern char **environ;

static char *program[] = { PROGRAM, NULL };
static const int *parked;
static int parked_count;
static int live; /* a number that stands for OTHER */

static void park(const char *path, int count, int thread_count)
{
	crowd_open(path, count);
	crowd_close(0, thread_count, 0);
	parked = crowd_open_ones(&parked_count);
	crowd_expect(parked_count >= count / 2, "most of the numbers are parked");
}

static int run_closes(char **arguments)
{
	crowd_open(arguments[0], FEW);
	crowd_close(0, 1, 0);
	return victim_leave(VICTIM_STATUS);
}

static pid_t fork_and_exec(void)
{
	pid_t child = fork();

	if (child == 0) {
		execv(PROGRAM, program);
		_exit(127);
	}
	return child;
}

/* It knows which numbers are parked: to it they are closed, as they are to us. */
static pid_t fork_and_leave(void)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	for (int i = 0; i < parked_count; i++) {
		if (crowd_is_bad(close(parked[i])))
			victim_marks->number[3]++;
	}
	_exit(3);
}

static pid_t fork_and_exit(void)
{
	pid_t child = fork();

	if (child == 0)
		exit(4);
	return child;
}

static pid_t spawn(void)
{
	pid_t child;

	return posix_spawn(&child, PROGRAM, NULL, NULL, program, environ) == 0 ? child
									       : -1;
}

static pid_t vfork_and_exec(void)
{
	pid_t child = vfork();

	if (child == 0) {
		execv(PROGRAM, program);
		_exit(127);
	}
	return child;
}

static int run_children(char **arguments)
{
	static pid_t (*const ways[])(void) = { fork_and_exec, fork_and_leave,
					       fork_and_exit, spawn, vfork_and_exec };
	int status = -1;

	park(arguments[0], atoi(arguments[1]), THREADS);
	victim_step(1);
	for (int slot = 0; slot < 5; slot++) {
		victim_begin(slot);
		pid_t child = ways[slot]();
		victim_need(child != -1 && waitpid(child, &status, 0) == child, "wait");
		victim_end(slot, status);
	}
	victim_begin(5);
	victim_end(5, system("exit 5"));
	crowd_expect(victim_marks->number[3] == parked_count, "a child closes none");
	return crowd_leave();
}

static void assert_ours_are_left(void)
{
	crowd_expect(crowd_is_open(live), "our own number is left alone");
	for (int i = 0; i < 2; i++) {
		crowd_expect(crowd_is_open(parked[i]), "what was parked still is");
		crowd_expect(!crowd_is_same(parked[i], live), "as what it was");
		crowd_expect(crowd_is_bad(close(parked[i])), "and gives EBADF");
	}
	crowd_expect(close(live) == 0, "our own number is closed");
}

/* The child shares our memory: nothing but calls and marks in it. */
static int run_vforked(char **arguments)
{
	int status = -1;

	live = victim_open(arguments[1], O_RDONLY);
	park(arguments[0], FEW, 1);
	pid_t child = vfork();
	if (child == 0) {
		victim_close(1, parked[0]);
		_exit(close(live) == 0 ? CHILD_STATUS : 1);
	}
	victim_need(child != -1 && waitpid(child, &status, 0) == child, "wait");
	victim_marks->number[3] = status;
	assert_ours_are_left();
	return crowd_leave();
}

static void *close_in_own_table(void *unused)
{
	(void)unused;
	victim_need(unshare(CLONE_FILES) == 0, "unshare");
	victim_close(1, parked[0]);
	crowd_expect(close(live) == 0, "another can be closed here");
	return NULL;
}

static void *put_in_own_table(void *unused)
{
	(void)unused;
	victim_need(unshare(CLONE_FILES) == 0, "unshare");
	victim_close(1, parked[0]);
	crowd_expect(dup2(live, parked[1]) == parked[1], "dup2 onto a parked number");
	crowd_expect(crowd_is_same(parked[1], live), "it is the new file here");
	crowd_expect(close(parked[1]) == 0, "which can be closed here");
	crowd_expect(!crowd_is_open(parked[1]), "and is closed");
	return NULL;
}

static int run_in_thread(char **arguments, void *(*body)(void *))
{
	pthread_t thread;

	live = victim_open(arguments[1], O_RDONLY);
	park(arguments[0], FEW, 1);
	pthread_create(&thread, NULL, body, NULL);
	pthread_join(thread, NULL);
	assert_ours_are_left();
	return crowd_leave();
}

static int run_unshared(char **arguments)
{
	return run_in_thread(arguments, close_in_own_table);
}

static int run_put(char **arguments)
{
	return run_in_thread(arguments, put_in_own_table);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "closes", run_closes },   { "children", run_children },
		{ "vforked", run_vforked }, { "unshared", run_unshared },
		{ "put", run_put },	    { NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
