/* SPDX-License-Identifier: MIT */
/*
 * victim_number.c - looks at fd numbers and errors around a close.
 *
 *   lowest PATH OTHER    closes (call 0), opens OTHER; number 0: it got the same number
 *   bad PATH             closes (call 0), the same number again (call 1), -1 (call 2),
 *                        100000 (call 3)
 *   all PATH PATH        closes 0 to 1023 with the first among them (call 0); numbers:
 *                        0 successes, 1 EBADF, 2 other failures; then the second (call 1)
 *   unshared PATH OTHER  a thread with an fd table of its own closes the file (call 0)
 *                        under a number that is OTHER in the other table; number 0: the
 *                        number is free in its own table, number 1: not in the other
 *   covered PATH DATA    puts DATA on fd 2, closes (call 0)
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "victim.h"

#define ALL_FDS 1024

static int run_lowest(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);

	victim_close(0, fd);
	victim_marks->number[0] = victim_open(arguments[1], O_RDONLY) == fd;
	return victim_leave(VICTIM_STATUS);
}

static int run_bad(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);

	victim_close(0, fd);
	victim_close(1, fd);
	victim_close(2, -1);
	victim_close(3, 100000);
	return victim_leave(VICTIM_STATUS);
}

static void close_everything(void)
{
	victim_begin(0);
	for (int fd = 0; fd < ALL_FDS; fd++) {
		if (close(fd) == 0)
			victim_marks->number[0]++;
		else if (errno == EBADF)
			victim_marks->number[1]++;
		else
			victim_marks->number[2]++;
	}
	victim_end(0, 0);
}

static int run_all(char **arguments)
{
	victim_open(arguments[0], O_RDONLY);
	close_everything();
	victim_close(1, victim_open(arguments[1], O_RDONLY));
	return victim_leave(VICTIM_STATUS);
}

static int shared_number;

static void *close_in_own_table(void *path)
{
	victim_need(unshare(CLONE_FILES) == 0, "unshare");
	victim_need(close(shared_number) == 0, "close");
	victim_need(victim_open(path, O_RDONLY) == shared_number, "the same number");
	victim_close(0, shared_number);
	victim_marks->number[0] = fcntl(shared_number, F_GETFD) == -1;
	return NULL;
}

static int run_unshared(char **arguments)
{
	pthread_t thread;

	shared_number = victim_open(arguments[1], O_RDONLY);
	pthread_create(&thread, NULL, close_in_own_table, arguments[0]);
	pthread_join(thread, NULL);
	victim_marks->number[1] = fcntl(shared_number, F_GETFD) != -1;
	return victim_leave(VICTIM_STATUS);
}

static int run_covered(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);

	close(STDERR_FILENO);
	victim_need(victim_open(arguments[1], O_WRONLY | O_CREAT) == STDERR_FILENO,
		    "fd 2");
	victim_close(0, fd);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "lowest", run_lowest },   { "bad", run_bad },
		{ "all", run_all },	    { "unshared", run_unshared },
		{ "covered", run_covered }, { NULL, NULL }
	};

	(void)argc;
	return victim_run(verbs, argv);
}
