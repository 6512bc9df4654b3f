/* SPDX-License-Identifier: MIT */
/*
 * victim_leaver.c - leaves something open on a mount with which it has done nothing else,
 * holds what others wait for, and ends with status 7.
 *
 *   read HOW PATH LOCK FIFO      a file that it has only opened
 *   written ...                  a file that it has opened and written
 *   many ...                     100 numbers of files that it has only opened
 *   full ...                     as many of them as it may have, which are 64; number 2 is
 *                                how many these are
 *   three ...                    its stdin, stdout and stderr, each written
 *   mapped ...                   a shared mapping with a dirty page, and its file
 *   stream ...                   a FILE with bytes in its buffer
 *   stdout ...                   its stdout with bytes in a buffer
 *   child_closed ...             a file in a forked child, which ends with 5; the parent
 *                                closes its own (call 0), waits (call 1: the status)
 *   child_outlives ...           the same file in both; the child ends after its parent
 *                                when the driver says 1
 *   system ...                   a file that children of system() (call 0) and popen()
 *                                (call 1) inherit: their results
 *
 * HOW it ends: `return` from main, `exit`, `_exit`, `quick_exit`, `thread`: exit() in a
 * second thread, or `orphan`: the same when main is gone. What it writes are 1000 bytes 'x'. Number 0 is the port, number 1 when
 * the child set out to leave.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"
#include "victim_holdings.h"

#define BYTES	     1000
#define MANY	     100
#define FEW	     64
#define CHILD_STATUS 5
#define ORPHAN_US    200000

static char bytes[BYTES];

static void *exit_there(void *is_orphan)
{
	if (is_orphan)
		usleep(ORPHAN_US);
	exit(victim_leave(VICTIM_STATUS));
}

/* Does not return unless that is how. */
static int leave(const char *how)
{
	pthread_t thread;

	if (strcmp(how, "exit") == 0)
		exit(victim_leave(VICTIM_STATUS));
	if (strcmp(how, "_exit") == 0)
		_exit(victim_leave(VICTIM_STATUS));
	if (strcmp(how, "quick_exit") == 0)
		quick_exit(victim_leave(VICTIM_STATUS));
	if (strcmp(how, "orphan") == 0) {
		victim_need(pthread_create(&thread, NULL, exit_there, (void *)how) == 0,
			    "thread");
		pthread_exit(NULL);
	}
	if (strcmp(how, "thread") == 0) {
		victim_need(pthread_create(&thread, NULL, exit_there, NULL) == 0,
			    "thread");
		for (;;)
			pause();
	}
	return victim_leave(VICTIM_STATUS);
}

static void hold(char **arguments)
{
	memset(bytes, 'x', BYTES);
	holdings_take(arguments[2], arguments[3]);
}

static int run_read(char **arguments)
{
	hold(arguments);
	victim_open(arguments[1], O_RDONLY);
	return leave(arguments[0]);
}

static int run_written(char **arguments)
{
	hold(arguments);
	int fd = victim_open(arguments[1], O_RDWR | O_CREAT);
	victim_need(write(fd, bytes, BYTES) == BYTES, "write");
	return leave(arguments[0]);
}

static int run_many(char **arguments)
{
	hold(arguments);
	for (int i = 0; i < MANY; i++)
		victim_open(arguments[1], O_RDONLY);
	return leave(arguments[0]);
}

static int run_full(char **arguments)
{
	hold(arguments);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ FEW, FEW });
	while (open(arguments[1], O_RDONLY) != -1)
		victim_marks->number[2]++;
	victim_need(errno == EMFILE, "fill the table");
	return leave(arguments[0]);
}

static int run_three(char **arguments)
{
	hold(arguments);
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		close(fd);
		victim_need(victim_open(arguments[1], O_RDWR | O_CREAT) == fd,
			    "the number");
	}
	/* An open() that comes later would wait for the pages. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		victim_need(write(fd, bytes, BYTES) == BYTES, "write");
	return leave(arguments[0]);
}

static int run_mapped(char **arguments)
{
	hold(arguments);
	int fd = victim_open(arguments[1], O_RDWR | O_CREAT);
	victim_need(ftruncate(fd, BYTES) == 0, "ftruncate");
	char *page = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	victim_need(page != MAP_FAILED, "mmap");
	memcpy(page, bytes, BYTES);
	return leave(arguments[0]);
}

static int run_stream(char **arguments)
{
	hold(arguments);
	FILE *stream = fopen(arguments[1], "w");
	victim_need(stream && fwrite(bytes, 1, BYTES, stream) == BYTES, "fwrite");
	return leave(arguments[0]);
}

static int run_stdout(char **arguments)
{
	static char buffer[2 * BYTES];

	hold(arguments);
	close(STDOUT_FILENO);
	victim_need(victim_open(arguments[1], O_WRONLY | O_CREAT) == STDOUT_FILENO,
		    "the number");
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	victim_need(fwrite(bytes, 1, BYTES, stdout) == BYTES, "fwrite");
	return leave(arguments[0]);
}

/* The clock of the marks, for a process that has no mark of its own. */
static void note_child_leaves(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	victim_marks->number[1] = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int run_child_closed(char **arguments)
{
	int status = -1;

	hold(arguments);
	int fd = victim_open(arguments[1], O_RDONLY);
	pid_t child = fork();
	if (child == 0) {
		note_child_leaves();
		exit(CHILD_STATUS);
	}
	victim_close(0, fd);
	victim_begin(1);
	victim_need(waitpid(child, &status, 0) == child, "wait");
	victim_end(1, status);
	return leave(arguments[0]);
}

static int run_child_outlives(char **arguments)
{
	hold(arguments);
	victim_open(arguments[1], O_RDONLY);
	if (fork() == 0) {
		victim_await(1);
		note_child_leaves();
		exit(CHILD_STATUS);
	}
	return leave(arguments[0]);
}

static int run_system(char **arguments)
{
	char line[32] = "";

	hold(arguments);
	victim_open(arguments[1], O_RDONLY);
	victim_begin(0);
	victim_end(0, system("/bin/true; exit 3"));
	victim_begin(1);
	FILE *pipe = popen("/bin/true; echo hello; exit 4", "r");
	victim_need(pipe && fgets(line, sizeof(line), pipe) &&
			    strcmp(line, "hello\n") == 0,
		    "popen");
	victim_end(1, pclose(pipe));
	return leave(arguments[0]);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "read", run_read },
						    { "written", run_written },
						    { "many", run_many },
						    { "full", run_full },
						    { "three", run_three },
						    { "mapped", run_mapped },
						    { "stream", run_stream },
						    { "stdout", run_stdout },
						    { "child_closed", run_child_closed },
						    { "child_outlives",
						      run_child_outlives },
						    { "system", run_system },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
