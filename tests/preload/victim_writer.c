/* SPDX-License-Identifier: MIT */
/*
 * victim_writer.c - leaves writing to the end: what stands in buffers, and a thread that
 * goes on. Ends with status 7.
 *
 *   buffered HOW PATH COUNT   COUNT files PATH0, PATH1 ..., each with 1000 bytes 'x' in the
 *                             buffer of its FILE; HOW: `return`, `exit` or `_exit`
 *   plain HOW PATH COUNT      the same with write(), no FILE
 *   update PATH               reads 4 bytes by a FILE opened "r+", then writes "NEW"
 *   append PATH               appends "more\n" by a FILE
 *   both PATH                 writes "AB", reads one, writes "C", by a FILE opened "w+"
 *   offset PATH               a forked child reads a line by a FILE and calls exit(); number
 *                             0 is where its number stands in the file afterwards
 *   shared PATH               two FILEs on one number that appends, each with a line
 *   duplicates PATH           three FILEs on a number and its duplicates, each with a line
 *   log PATH                  a thread writes 10 bytes 'x' every ms while a destructor takes
 *                             500 ms; number 0 is how many it has written, number 1 the
 *                             errno of its first failure
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

#define BYTES	1000
#define PART	10
#define LINGERS 500000000

static char bytes[BYTES + 1];
static int is_logging;

static int leave(const char *how)
{
	victim_leave(VICTIM_STATUS);
	if (strcmp(how, "exit") == 0)
		exit(VICTIM_STATUS);
	if (strcmp(how, "_exit") == 0)
		_exit(VICTIM_STATUS);
	return VICTIM_STATUS;
}

static void write_buffered(const char *path)
{
	FILE *stream = fopen(path, "w");

	victim_need(stream && fputs(bytes, stream) != EOF, path);
}

static void write_plain(const char *path)
{
	int fd = victim_open(path, O_WRONLY | O_CREAT | O_TRUNC);

	victim_need(write(fd, bytes, BYTES) == BYTES, path);
}

static int write_each(char **arguments, void (*write_one)(const char *path))
{
	char path[256];

	memset(bytes, 'x', BYTES);
	for (int i = 0; i < atoi(arguments[2]); i++) {
		snprintf(path, sizeof(path), "%s%d", arguments[1], i);
		write_one(path);
	}
	return leave(arguments[0]);
}

static int run_buffered(char **arguments)
{
	return write_each(arguments, write_buffered);
}

static int run_plain(char **arguments)
{
	return write_each(arguments, write_plain);
}

static int run_update(char **arguments)
{
	FILE *stream = fopen(arguments[0], "r+");
	char head[4];

	victim_need(stream && fread(head, 1, sizeof(head), stream) == sizeof(head) &&
			    fseek(stream, 0, SEEK_CUR) == 0 &&
			    fputs("NEW", stream) != EOF,
		    "update");
	return leave("return");
}

static int run_append(char **arguments)
{
	FILE *stream = fopen(arguments[0], "a");

	victim_need(stream && fputs("more\n", stream) != EOF, "append");
	return leave("return");
}

static int run_both(char **arguments)
{
	FILE *stream = fopen(arguments[0], "w+");

	victim_need(stream && fputs("AB", stream) != EOF &&
			    fseek(stream, 0, SEEK_SET) == 0 && fgetc(stream) == 'A' &&
			    fseek(stream, 0, SEEK_CUR) == 0 && fputs("C", stream) != EOF,
		    "both");
	return leave("return");
}

static int run_offset(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);
	pid_t child = fork();
	char line[64];

	if (child == 0) {
		FILE *stream = fdopen(fd, "r");

		victim_need(stream && fgets(line, sizeof(line), stream), "read a line");
		exit(0);
	}
	victim_need(waitpid(child, NULL, 0) == child, "wait");
	victim_marks->number[0] = lseek(fd, 0, SEEK_CUR);
	return leave("return");
}

static void put_line(int fd, const char *mode, const char *line)
{
	FILE *stream = fdopen(fd, mode);

	victim_need(stream && fputs(line, stream) != EOF, "a stream");
}

static int run_shared(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDWR | O_CREAT | O_TRUNC | O_APPEND);

	put_line(fd, "a", "first\n");
	put_line(fd, "a", "second\n");
	return leave("return");
}

static int run_duplicates(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDWR | O_CREAT | O_TRUNC);

	put_line(fd, "w", "first\n");
	put_line(dup(fd), "w", "second\n");
	put_line(dup(fd), "w", "third\n");
	return leave("return");
}

static void *log_on(void *argument)
{
	int fd = *(int *)argument;

	for (;;) {
		errno = 0;
		if (write(fd, bytes, PART) == PART)
			victim_marks->number[0] += PART;
		else if (victim_marks->number[1] == 0)
			victim_marks->number[1] = errno;
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	return NULL;
}

__attribute__((destructor)) static void take_long(void)
{
	if (is_logging)
		nanosleep(&(struct timespec){ 0, LINGERS }, NULL);
}

static int run_log(char **arguments)
{
	static int fd;
	pthread_t thread;

	memset(bytes, 'x', BYTES);
	fd = victim_open(arguments[0], O_WRONLY | O_CREAT | O_TRUNC);
	is_logging = 1;
	victim_need(pthread_create(&thread, NULL, log_on, &fd) == 0, "thread");
	return leave("return");
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "buffered", run_buffered }, { "plain", run_plain },
		{ "update", run_update },     { "append", run_append },
		{ "both", run_both },	      { "offset", run_offset },
		{ "shared", run_shared },     { "duplicates", run_duplicates },
		{ "log", run_log },	      { NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
