/* SPDX-License-Identifier: MIT */
/*
 * victim_leaker.c - leaves things behind that a careful program gives back, and returns 7.
 *
 *   multi             a multi handle of libcurl that was never cleaned up
 *   file PATH         a file that it has opened (number 0)
 *   written PATH      a file that it has opened and written (number 0)
 *   mapped PATH       a mapping of a file that it has closed
 *   stdio PATH        its stdin, stdout and stderr there
 *   inherited PATH    a file for a program that it executes, and that knows nothing of it
 *   forked PATH       a file, a mapping and a multi handle to a forked child, which calls
 *                     exit(); itself it gives them back
 *   careful PATH      nothing
 *   heir              what it has inherited
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "victim.h"

#define PAGE_BYTES 4096

static CURLM *open_multi(void)
{
	CURLM *multi = curl_multi_init();

	victim_need(multi != NULL, "curl_multi_init");
	return multi;
}

static void *map(const char *path)
{
	int fd = victim_open(path, O_RDONLY);
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);

	victim_need(page != MAP_FAILED, "mmap");
	close(fd);
	return page;
}

static int run_multi(char **arguments)
{
	(void)arguments;
	open_multi();
	return victim_leave(VICTIM_STATUS);
}

static int run_file(char **arguments)
{
	victim_marks->number[0] = victim_open(arguments[0], O_RDONLY);
	return victim_leave(VICTIM_STATUS);
}

static int run_written(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDWR);

	victim_need(write(fd, "text", 4) == 4, "write");
	victim_marks->number[0] = fd;
	return victim_leave(VICTIM_STATUS);
}

static int run_mapped(char **arguments)
{
	map(arguments[0]);
	return victim_leave(VICTIM_STATUS);
}

static int run_stdio(char **arguments)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		close(fd);
		victim_need(victim_open(arguments[0], O_RDWR) == fd, "the number");
	}
	return victim_leave(VICTIM_STATUS);
}

static void await(pid_t child)
{
	int status = -1;

	victim_need(waitpid(child, &status, 0) == child && status == VICTIM_STATUS << 8,
		    "the child");
}

static int run_inherited(char **arguments)
{
	extern char **environ;
	char *heir[] = { "victim_leaker", "heir", NULL };
	int fd = victim_open(arguments[0], O_RDONLY);
	pid_t child;

	victim_need(posix_spawn(&child, "/proc/self/exe", NULL, NULL, heir, environ) == 0,
		    "posix_spawn");
	close(fd);
	await(child);
	return victim_leave(VICTIM_STATUS);
}

static int run_heir(char **arguments)
{
	(void)arguments;
	return victim_leave(VICTIM_STATUS);
}

static int run_forked(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);
	void *page = map(arguments[0]);
	CURLM *multi = open_multi();
	pid_t child = fork();

	if (child == 0)
		exit(VICTIM_STATUS);
	await(child);
	curl_multi_cleanup(multi);
	munmap(page, PAGE_BYTES);
	close(fd);
	return victim_leave(VICTIM_STATUS);
}

static int run_careful(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);
	CURLM *multi = open_multi();

	munmap(map(arguments[0]), PAGE_BYTES);
	curl_multi_cleanup(multi);
	close(fd);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "multi", run_multi },	    { "file", run_file },
		{ "written", run_written }, { "mapped", run_mapped },
		{ "stdio", run_stdio },	    { "inherited", run_inherited },
		{ "forked", run_forked },   { "careful", run_careful },
		{ "heir", run_heir },	    { NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
