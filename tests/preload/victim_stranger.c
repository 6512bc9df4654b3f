/* SPDX-License-Identifier: MIT */
/*
 * victim_stranger.c - closes a file (call 0) while another thread makes sure that the
 * number is at once something else, and looks later whether it still is.
 *
 *   reopened HOW PATH OTHER   the thread takes OTHER until it gets the number
 *   replaced HOW PATH OTHER   dup2 of OTHER onto the number when the driver says 1
 *   instant HOW PATH OTHER    no thread: closes 20 (call 0: all of them), and takes OTHER
 *                             as soon as each close has returned
 *
 * HOW is `plain`, `undumpable` (PR_SET_DUMPABLE 0) or `nobody` (uid 65534 as well).
 * OTHER may be PATH: the same file again. Step 1: the number is taken. When the driver
 * says 2, number 0 tells how many numbers are still OTHER, number 1 is the fd number.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

#define NOBODY	 65534
#define INSTANTS 20

static int closed_number;	  /* the fd that is closed */
static int spare;		  /* OTHER, opened beforehand */
static const char *path_of_other; /* NULL when it may not be opened any more */

static int take_other(void)
{
	int fd = path_of_other ? open(path_of_other, O_RDONLY) : dup(spare);

	victim_need(fd != -1, "take the number");
	return fd;
}

static void *take_the_number(void *unused)
{
	(void)unused;
	for (int fd = take_other(); fd != closed_number; fd = take_other()) {
		/* What came too early stays open: closing it could hang as well. */
		victim_need(fd < 512, "so many numbers");
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	victim_step(1);
	return NULL;
}

static void *replace_the_number(void *unused)
{
	(void)unused;
	victim_await(1);
	victim_need(dup2(spare, closed_number) == closed_number, "dup2");
	victim_step(1);
	return NULL;
}

static int is_still_other(int number)
{
	struct statx now, then;

	if (fcntl(number, F_GETFD) == -1)
		return 0;
	if (statx(number, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &now) != 0 ||
	    statx(spare, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &then) != 0)
		return errno == EACCES; /* a FUSE mount of root shows it to nobody else */
	return now.stx_ino == then.stx_ino && now.stx_dev_major == then.stx_dev_major &&
	       now.stx_dev_minor == then.stx_dev_minor;
}

static void become(const char *how)
{
	if (strcmp(how, "plain") == 0)
		return;
	if (strcmp(how, "nobody") == 0) {
		victim_need(setresuid(NOBODY, NOBODY, NOBODY) == 0, "setresuid");
		path_of_other = NULL;
	}
	victim_need(prctl(PR_SET_DUMPABLE, 0) == 0, "PR_SET_DUMPABLE");
}

static int run(char **arguments, void *(*stranger)(void *))
{
	pthread_t thread;

	closed_number = victim_open(arguments[1], O_RDONLY);
	spare = victim_open(arguments[2], O_RDONLY);
	path_of_other = arguments[2];
	become(arguments[0]);
	victim_marks->number[1] = closed_number;
	pthread_create(&thread, NULL, stranger, NULL);
	victim_close(0, closed_number);
	pthread_join(thread, NULL);
	victim_await(2);
	victim_marks->number[0] = is_still_other(closed_number);
	return victim_leave(VICTIM_STATUS);
}

static int run_reopened(char **arguments)
{
	return run(arguments, take_the_number);
}

static int run_replaced(char **arguments)
{
	return run(arguments, replace_the_number);
}

static int run_instant(char **arguments)
{
	int numbers[INSTANTS];

	for (int i = 0; i < INSTANTS; i++)
		numbers[i] = victim_open(arguments[1], O_RDONLY);
	spare = victim_open(arguments[2], O_RDONLY);
	path_of_other = arguments[2];
	become(arguments[0]);
	victim_begin(0);
	for (int i = 0; i < INSTANTS; i++) {
		victim_need(close(numbers[i]) == 0, "close");
		victim_need(take_other() == numbers[i], "the same number");
	}
	victim_end(0, 0);
	victim_step(1);
	victim_await(2);
	for (int i = 0; i < INSTANTS; i++)
		victim_marks->number[0] += is_still_other(numbers[i]);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "reopened", run_reopened },
						    { "replaced", run_replaced },
						    { "instant", run_instant },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
