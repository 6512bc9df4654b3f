/* SPDX-License-Identifier: MIT */
/*
 * victim_shadow.c - maps and unmaps at random, and knows what each page must hold.
 *
 *   run PATH THREADS SEED MANNER   step 1 when the file is there, until the driver says
 *                                  1; ends with 7
 *
 * Each thread has an area of its own, out of the kernel's way, and others where the kernel
 * chose; and a part of the file that only it stores into. MANNER is `strict`, or `lenient`:
 * then ENOMEM is an answer where a page of the file may have to go first. Any other answer
 * than success, and any page that is not what it was, ends the victim with 99.
 *
 * Numbers: 0 operations, 1 answers of ENOMEM, 2 forks, 3 the longest munmap.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shadow.h"
#include "victim.h"

#define ABOVE_BYTES  ((size_t)4 << 30) /* a hole above all areas: there the kernel maps */
#define MOST_THREADS 8
#define LONGEST_RUN  8
#define FORK_RARELY  64
#define GONE_NAPS    5000

static int is_lenient;

static int below(struct worker *worker, int limit)
{
	return (int)(rand_r(&worker->seed) % (unsigned)limit);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static size_t bytes(int count)
{
	return (size_t)count * SHADOW_BYTES;
}

static int is_own(const struct worker *worker, const struct area *area)
{
	return area == &worker->areas[0];
}

static struct area *pick_area(struct worker *worker)
{
	struct area *area = &worker->areas[below(worker, SHADOW_AREAS)];

	return area->count ? area : &worker->areas[0];
}

/* Some pages of the area, at most so many. */
static struct span pick(struct worker *worker, struct area *area, int most)
{
	int from = below(worker, area->count);
	int room = area->count - from;

	return (struct span){ area, from, 1 + below(worker, room < most ? room : most) };
}

/* Whether a page of the file may still be there, that would have to go. */
static int may_be_refused(const struct worker *worker, struct span span)
{
	return shadow_has_file(span) ||
	       (is_own(worker, span.area) && shadow_has_hole(span));
}

static void need_refusal(int is_possible, const char *what)
{
	victim_need(is_lenient && is_possible && errno == ENOMEM, what);
	victim_marks->number[1]++;
}

/* The file through the worker's own fd, or through one that is closed again at once. */
static char *map_fresh(struct worker *worker, char *at, const struct fresh *fresh)
{
	int flags = (fresh->kind == PAGE_SHARED ? MAP_SHARED : MAP_PRIVATE) |
		    (fresh->kind == PAGE_MEMORY ? MAP_ANONYMOUS : 0) |
		    (at ? MAP_FIXED : 0);
	int fd = -1;

	if (fresh->kind != PAGE_MEMORY)
		fd = below(worker, 4) ? worker->fd : victim_open(worker->path, O_RDWR);
	char *start = mmap(at, bytes(fresh->count), PROT_READ | PROT_WRITE, flags, fd,
			   fresh->file_page * (off_t)SHADOW_BYTES);
	int error = errno;
	if (fd != -1 && fd != worker->fd)
		victim_need(close(fd) == 0, "close");
	errno = error;
	return start;
}

static struct fresh choose(struct worker *worker, int count)
{
	enum page_kind kind = PAGE_MEMORY + (unsigned)below(worker, 3);

	return (struct fresh){
		kind, count, shadow_file_page(worker, kind, count, rand_r(&worker->seed))
	};
}

static void map_over(struct worker *worker)
{
	struct span span = pick(worker, pick_area(worker), LONGEST_RUN);
	struct fresh fresh = choose(worker, span.count);

	if (!is_own(worker, span.area) && shadow_has_hole(span))
		return; /* somebody else may live there by now */
	if (map_fresh(worker, shadow_address(span), &fresh) == MAP_FAILED) {
		need_refusal(may_be_refused(worker, span), "mmap over pages");
		return;
	}
	shadow_set(worker, span, &fresh);
	shadow_check(worker, span);
	shadow_fill(worker, span);
}

static void map_where_the_kernel_likes(struct worker *worker)
{
	struct area *area = shadow_free_area(worker);

	if (!area)
		return;
	struct fresh fresh = choose(worker, 1 + below(worker, LONGEST_RUN));
	area->base = map_fresh(worker, NULL, &fresh);
	victim_need(area->base != MAP_FAILED, "mmap");
	area->count = fresh.count;
	shadow_set(worker, shadow_all(area), &fresh);
	shadow_check(worker, shadow_all(area));
	shadow_fill(worker, shadow_all(area));
}

static void unmap(struct worker *worker, struct span span)
{
	char *start = shadow_address(span);
	int64_t began_ns = now_ns();

	victim_need(munmap(start, bytes(span.count)) == 0, "munmap");
	int64_t took_ns = now_ns() - began_ns;
	if (took_ns > victim_marks->number[3])
		victim_marks->number[3] = took_ns;
	shadow_clear(span);
	if (is_own(worker, span.area) && below(worker, 4) == 0)
		victim_need(munmap(start, bytes(span.count)) == 0, "munmap again");
}

static void unmap_all(struct worker *worker, struct area *area)
{
	if (is_own(worker, area)) {
		unmap(worker, shadow_all(area));
		return;
	}
	for (int i = 0; i < area->count; i++) {
		struct span next = shadow_next(area, i);

		if (next.count > 0)
			unmap(worker, next);
		i = next.from + next.count;
	}
}

static void unmap_some(struct worker *worker)
{
	struct area *area = pick_area(worker);
	struct span span = pick(worker, area, LONGEST_RUN);

	if (!is_own(worker, area) && (shadow_has_hole(span) || below(worker, 2)))
		unmap_all(worker, area);
	else
		unmap(worker, span);
}

static void shrink(struct worker *worker)
{
	struct span run = shadow_run(pick(worker, pick_area(worker), 1));
	int kept = 1 + below(worker, LONGEST_RUN);

	if (run.count <= kept)
		return;
	struct span cut = { run.area, run.from + kept, run.count - kept };
	char *at = mremap(shadow_address(run), bytes(run.count), bytes(kept), 0);
	if (at == MAP_FAILED) {
		need_refusal(may_be_refused(worker, cut), "mremap to fewer pages");
		return;
	}
	victim_need(at == shadow_address(run), "mremap in place");
	shadow_clear(cut);
}

static void move(struct worker *worker)
{
	struct area *own = &worker->areas[0];
	struct span run = shadow_run(pick(worker, own, 1));
	struct span goal = { own, below(worker, own->count - run.count + 1), run.count };

	if (!run.count || abs(goal.from - run.from) < run.count)
		return;
	char *at = mremap(shadow_address(run), bytes(run.count), bytes(run.count),
			  MREMAP_MAYMOVE | MREMAP_FIXED, (void *)shadow_address(goal));
	if (at == MAP_FAILED) {
		need_refusal(may_be_refused(worker, run) || may_be_refused(worker, goal),
			     "mremap to another place");
		return;
	}
	victim_need(at == shadow_address(goal), "mremap to a fixed place");
	shadow_move(worker, run, goal);
}

/* By a page, in place or to where the kernel likes. */
static void grow(struct worker *worker)
{
	struct area *area = shadow_free_area(worker);
	struct span run = shadow_run(pick(worker, &worker->areas[0], 1));

	if (!area || !run.count || run.count >= LONGEST_RUN ||
	    !shadow_may_grow(worker, run))
		return;
	char *at = mremap(shadow_address(run), bytes(run.count), bytes(run.count + 1),
			  MREMAP_MAYMOVE);
	if (at == MAP_FAILED) {
		need_refusal(may_be_refused(worker, run), "mremap to more pages");
		return;
	}
	if (at != shadow_address(run)) {
		struct span goal = { area, 0, run.count };

		area->base = at;
		area->count = run.count + 1;
		shadow_move(worker, run, goal);
		run = goal;
	}
	shadow_grow(worker, run);
	shadow_check(worker, shadow_all(run.area));
}

static void store(struct worker *worker)
{
	shadow_fill(worker, pick(worker, pick_area(worker), 2));
}

static void check_all(const struct worker *worker)
{
	for (int i = 0; i < SHADOW_AREAS; i++)
		shadow_check(worker, shadow_all((struct area *)&worker->areas[i]));
}

static void fork_and_check(struct worker *worker)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		check_all(worker);
		_exit(0);
	}
	victim_need(child != -1 && waitpid(child, &status, 0) == child, "fork");
	errno = EFAULT;
	victim_need(status == 0, "what a child sees");
	victim_marks->number[2]++;
}

static void *work(void *argument)
{
	static void (*const operations[])(struct worker *) = {
		map_over,   map_over, map_where_the_kernel_likes, shrink, move, grow,
		unmap_some, store,
	};
	const int count = sizeof(operations) / sizeof(*operations);
	struct worker *worker = argument;

	while (!victim_marks->go) {
		check_all(worker);
		if (below(worker, FORK_RARELY) == 0)
			fork_and_check(worker);
		else
			operations[below(worker, count)](worker);
		victim_marks->number[0]++;
	}
	check_all(worker);
	for (int i = 0; i < SHADOW_AREAS; i++)
		unmap_all(worker, &worker->areas[i]);
	return NULL;
}

static struct worker workers[MOST_THREADS];

/* The areas lie side by side, with a page between that nobody unmaps. */
static void prepare(int threads, const char *path, unsigned seed)
{
	size_t own = bytes(SHADOW_OWN + 1), size = (size_t)threads * own;
	char *start = mmap(NULL, size + ABOVE_BYTES, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	victim_need(start != MAP_FAILED && munmap(start + size, ABOVE_BYTES) == 0,
		    "reserve the areas");
	for (int i = 0; i < threads; i++) {
		struct worker *worker = &workers[i];

		worker->path = path;
		worker->number = i;
		worker->seed = seed + (unsigned)i;
		worker->areas[0].base = start + (size_t)i * own;
		worker->areas[0].count = SHADOW_OWN;
		worker->fd = victim_open(path, O_RDWR | O_CREAT);
		shadow_make_file(worker);
	}
}

static void await_gone(const char *path)
{
	for (int naps = 0; shadow_is_mapped(path); naps++) {
		errno = ETIMEDOUT;
		victim_need(naps < GONE_NAPS, "wait until the file is mapped nowhere");
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
}

static int run_run(char **arguments)
{
	int threads = atoi(arguments[1]);

	victim_need(threads <= MOST_THREADS, "so many threads");
	is_lenient = strcmp(arguments[3], "lenient") == 0;
	prepare(threads, arguments[0], (unsigned)atoi(arguments[2]));
	victim_step(1);
	for (int i = 0; i < threads; i++)
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	for (int i = 0; i < threads; i++)
		pthread_join(workers[i].thread, NULL);
	await_gone(arguments[0]);
	for (int i = 0; i < threads; i++)
		shadow_check_file(&workers[i]);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "run", run_run }, { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
