/* SPDX-License-Identifier: MIT */
/*
 * victim_mapping.c - unmaps memory that does not go at once, and ends with status 7.
 *
 *   munmap KIND PATH   a dirty shared mapping of the file               call 0
 *   busy KIND PATH     the same while four threads go on; numbers: 0 to 3 the longest
 *                      of their operations, 4 the least that one of them has done
 *   private PATH       a private one of an existing file, only read: step 1, and call 0
 *                      when the driver says 1
 *   left KIND PATH     a dirty one that is still mapped at the end       call 0
 *   dirties PATH       dirties a shared one, step 1, waits for 1, and leaves
 *   middle PATH        the middle of a dirty one, then both ends        calls 0 to 2
 *   gaps PATH          three mappings with gaps between, in one call    call 0
 *   errors PATH        what munmap refuses                              calls 0 to 3,
 *                      and a range where nothing is                     call 4
 *   restless PATH      one page of the file, 20 times with a pause, while four threads
 *                      store into another mapping all the time          call 0
 *   watched KIND       memory of a userfaultfd that wants to hear of each munmap, and
 *                      is `unread` or `read`                            call 0; then
 *                      new memory at the same place                     call 1
 *
 * KIND is `held` or `closed`: whether the file is still open.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"
#include "victim_pages.h"

#define BIG_BYTES      ((size_t)33 << 20) /* malloc maps each of these on its own    */
#define STACK_BYTES    ((size_t)64 << 20) /* too big to be kept for the next thread  */
#define SETTLE_MS      20		  /* until the munmap has surely begun       */
#define AFTER_MS       200		  /* how long the threads go on afterwards   */
#define THREADS	       4
#define RESTLESS_CALLS 20
#define WATCHED_PAGES  16
#define RESTLESS_PAGES 4

static void unmap(int slot, char *start, int count)
{
	victim_begin(slot);
	victim_end(slot, munmap(start, (size_t)count * PAGES_BYTES));
}

static void nap(int ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000L }, NULL);
}

static int run_munmap(char **arguments)
{
	unmap(0, pages_map_dirty(arguments[0], arguments[1], PAGES_FILE), PAGES_FILE);
	return victim_leave(VICTIM_STATUS);
}

static int shares_files; /* whether a child would flush a file at its end */

static void map_and_unmap(void)
{
	char *start = pages_map_memory(WATCHED_PAGES);

	pages_fill(start, WATCHED_PAGES, 'm');
	victim_need(munmap(start, WATCHED_PAGES * PAGES_BYTES) == 0, "munmap");
}

static void allocate_and_free(void)
{
	char *volatile block = malloc(BIG_BYTES);

	victim_need(block != NULL, "malloc");
	block[BIG_BYTES / 2] = 'm';
	free(block);
}

static void *do_nothing(void *unused)
{
	return unused;
}

static void create_and_join(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	victim_need(pthread_create(&thread, &attributes, do_nothing, NULL) == 0 &&
			    pthread_join(thread, NULL) == 0,
		    "pthread_create");
	pthread_attr_destroy(&attributes);
}

/* The flush of an open file is not our subject: the child of `held` has it in common
   with us, and so has nothing to close at its end. */
static void fork_and_wait(void)
{
	pid_t child = shares_files ? (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0,
						    NULL, NULL, 0)
				   : fork();
	int status = -1;

	if (child == 0)
		syscall(SYS_exit_group, 0);
	victim_need(child != -1 && waitpid(child, &status, 0) == child && status == 0,
		    "fork");
}

static void (*const operations[THREADS])(void) = { map_and_unmap, allocate_and_free,
						   create_and_join, fork_and_wait };
static int64_t counts[THREADS];
static _Atomic int is_begun, is_over;

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void *go_on(void *argument)
{
	size_t which = (size_t)argument;

	while (!is_begun)
		nap(1);
	nap(SETTLE_MS);
	for (; !is_over; counts[which]++) {
		int64_t began_ns = now_ns();

		operations[which]();
		int64_t took_ns = now_ns() - began_ns;
		if (took_ns > victim_marks->number[which])
			victim_marks->number[which] = took_ns;
	}
	return NULL;
}

static int run_busy(char **arguments)
{
	char *start = pages_map_dirty(arguments[0], arguments[1], PAGES_FILE);
	pthread_t threads[THREADS];

	shares_files = strcmp(arguments[0], "held") == 0;
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, go_on, (void *)i);
	is_begun = 1;
	unmap(0, start, PAGES_FILE);
	nap(AFTER_MS);
	is_over = 1;
	victim_marks->number[THREADS] = INT64_MAX;
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		if (counts[i] < victim_marks->number[THREADS])
			victim_marks->number[THREADS] = counts[i];
	}
	return victim_leave(VICTIM_STATUS);
}

static int run_private(char **arguments)
{
	int fd = victim_open(arguments[0], O_RDONLY);
	char *start = mmap(NULL, PAGES_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);

	victim_need(start != MAP_FAILED && start[0] != '\0', "mmap");
	victim_step(1);
	victim_await(1);
	unmap(0, start, 1);
	return victim_leave(VICTIM_STATUS);
}

static int run_left(char **arguments)
{
	pages_map_dirty(arguments[0], arguments[1], PAGES_FILE);
	victim_begin(0);
	return victim_leave(VICTIM_STATUS);
}

static int run_dirties(char **arguments)
{
	pages_map_dirty("closed", arguments[0], PAGES_FILE);
	victim_step(1);
	victim_await(1);
	return victim_leave(VICTIM_STATUS);
}

static int run_middle(char **arguments)
{
	char *start = pages_map_dirty("held", arguments[0], PAGES_FILE);

	unmap(0, pages_at(start, 4), 4);
	victim_need(!pages_are_mapped(pages_at(start, 4), 4), "the middle is there");
	victim_need(pages_hold(start, 4, PAGES_DIRTY) &&
			    pages_hold(pages_at(start, 8), 8, PAGES_DIRTY),
		    "an end is not what it was");
	pages_fill(start, 4, 'y');
	pages_fill(pages_at(start, 8), 8, 'y');
	victim_need(pages_hold(start, 4, 'y'), "the first end");
	pages_fill(start, 4, PAGES_DIRTY);
	pages_fill(pages_at(start, 8), 8, PAGES_DIRTY);
	unmap(1, start, 4);
	victim_need(pages_hold(pages_at(start, 8), 8, PAGES_DIRTY), "the last end");
	unmap(2, pages_at(start, 8), 8);
	victim_need(!pages_are_mapped(start, PAGES_FILE), "an end is still there");
	return victim_leave(VICTIM_STATUS);
}

/* Two of the file, one of memory. */
static int run_gaps(char **arguments)
{
	char *start = pages_map_memory(3 * PAGES_FILE);
	char *last = pages_at(start, 2 * PAGES_FILE);
	int fd = victim_open(arguments[0], O_RDWR | O_CREAT);

	victim_need(ftruncate(fd, PAGES_FILE * (off_t)PAGES_BYTES) == 0, "ftruncate");
	victim_need(mmap(start, 8 * PAGES_BYTES, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0) == start &&
			    mmap(last, 8 * PAGES_BYTES, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED, fd, 8 * PAGES_BYTES) == last,
		    "mmap");
	victim_need(munmap(pages_at(start, 8), 8 * PAGES_BYTES) == 0 &&
			    munmap(pages_at(start, 24), 8 * PAGES_BYTES) == 0,
		    "make gaps");
	pages_fill(start, 8, PAGES_DIRTY);
	pages_fill(last, 8, PAGES_DIRTY);
	unmap(0, start, 2 * PAGES_FILE + 8);
	victim_need(!pages_are_mapped(start, 2 * PAGES_FILE + 8), "something is left");
	victim_need(pages_are_mapped(pages_at(start, 2 * PAGES_FILE + 8), 8),
		    "the rest is gone");
	return victim_leave(VICTIM_STATUS);
}

static int run_errors(char **arguments)
{
	char *start = pages_map_dirty("held", arguments[0], PAGES_FILE);
	char *nothing = pages_map_memory(PAGES_FILE);

	victim_need(munmap(nothing, PAGES_FILE * PAGES_BYTES) == 0, "munmap");
	victim_begin(0);
	victim_end(0, munmap(start + 1, PAGES_BYTES));
	unmap(1, start, 0);
	victim_begin(2);
	victim_end(2, munmap(start, SIZE_MAX));
	victim_begin(3);
	victim_end(3, munmap((char *)(UINTPTR_MAX - PAGES_BYTES + 1), PAGES_BYTES));
	unmap(4, nothing, PAGES_FILE);
	victim_need(pages_hold(start, PAGES_FILE, PAGES_DIRTY), "it is not what it was");
	victim_need(munmap(start, PAGES_BYTES / 2) == 0 && !pages_are_mapped(start, 1) &&
			    pages_hold(pages_at(start, 1), PAGES_FILE - 1, PAGES_DIRTY),
		    "half a page is a page");
	unmap(5, pages_at(start, 1), PAGES_FILE - 1);
	return victim_leave(VICTIM_STATUS);
}

static void *store_all_the_time(void *start)
{
	while (!is_over)
		pages_fill(start, RESTLESS_PAGES, PAGES_DIRTY);
	return NULL;
}

static int run_restless(char **arguments)
{
	char *other = pages_map_dirty("held", arguments[0], PAGES_FILE);
	pthread_t threads[THREADS];
	int result = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, store_all_the_time,
			       pages_at(other, i * RESTLESS_PAGES));
	nap(SETTLE_MS);
	int fd = victim_open(arguments[0], O_RDWR);
	victim_begin(0);
	for (int i = 0; i < RESTLESS_CALLS && result == 0; i++) {
		char *start = mmap(NULL, PAGES_BYTES, PROT_READ, MAP_SHARED, fd, 0);

		result = munmap(start, PAGES_BYTES);
		nap(1);
	}
	victim_end(0, result);
	is_over = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return victim_leave(VICTIM_STATUS);
}

static int watch(char *start)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_EVENT_UNMAP };
	struct uffdio_register range = { .range = { (uintptr_t)start,
						    WATCHED_PAGES * PAGES_BYTES },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	victim_need(fd != -1 && ioctl(fd, UFFDIO_API, &api) == 0, "userfaultfd");
	victim_need(ioctl(fd, UFFDIO_REGISTER, &range) == 0, "UFFDIO_REGISTER");
	return fd;
}

static void *read_messages(void *argument)
{
	struct uffd_msg message;

	while (read(*(int *)argument, &message, sizeof(message)) == sizeof(message))
		;
	return NULL;
}

static int run_watched(char **arguments)
{
	char *start = pages_map_memory(WATCHED_PAGES);
	static int fd;
	pthread_t reader;

	pages_fill(start, WATCHED_PAGES, 'm');
	fd = watch(start);
	if (strcmp(arguments[0], "read") == 0)
		pthread_create(&reader, NULL, read_messages, &fd);
	unmap(0, start, WATCHED_PAGES);
	victim_begin(1);
	char *again = mmap(start, WATCHED_PAGES * PAGES_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	victim_end(1, again == start ? 0 : -1);
	victim_need(again == start, "map there again");
	pages_fill(start, WATCHED_PAGES, 'n');
	victim_need(pages_hold(start, WATCHED_PAGES, 'n'), "the new memory");
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "munmap", run_munmap },
						    { "busy", run_busy },
						    { "private", run_private },
						    { "left", run_left },
						    { "dirties", run_dirties },
						    { "middle", run_middle },
						    { "gaps", run_gaps },
						    { "errors", run_errors },
						    { "watched", run_watched },
						    { "restless", run_restless },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
