/* SPDX-License-Identifier: MIT */
/*
 * bench_start.c - what a program costs from its exec to its end, with an empty preload and with
 * the library, in one interleaved run.
 *
 * usage: bench_start LIBRARY EMPTY [ROUNDS]
 *
 * The program is this one, which does nothing: as it is, and with an exit handler. Times are
 * those of the processor: a machine that does other things as well counts less.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define ROUNDS	    500
#define MOST_ROUNDS 10000

enum { EMPTY, LIBRARY, WAYS };

static double used_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* The processor's time of one run, below 0 when it went wrong. */
static double run(const char *preload, char *kind)
{
	char variable[4096 + sizeof("LD_PRELOAD=")];
	char *arguments[] = { "bench_start", "--be", kind, NULL };
	char *environment[] = { variable, NULL };
	double before = used_us();
	int status = -1;
	pid_t child;

	snprintf(variable, sizeof(variable), "LD_PRELOAD=%s", preload);
	if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environment) !=
		    0 ||
	    waitpid(child, &status, 0) != child || status != 0)
		return -1;
	return used_us() - before;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static int measure(char **preloads, char *kind, int rounds)
{
	static double us[WAYS][MOST_ROUNDS], more[MOST_ROUNDS];

	for (int i = 0; i < rounds; i++) {
		for (int way = 0; way < WAYS; way++) {
			us[way][i] = run(preloads[way], kind);
			if (us[way][i] < 0) {
				fprintf(stderr, "bench_start: a run failed\n");
				return 1;
			}
		}
		more[i] = us[LIBRARY][i] - us[EMPTY][i];
	}
	qsort(more, (size_t)rounds, sizeof(*more), compare);
	for (int way = 0; way < WAYS; way++)
		qsort(us[way], (size_t)rounds, sizeof(**us), compare);
	double empty = us[EMPTY][rounds / 2], library = us[LIBRARY][rounds / 2];
	printf("%-22s %9.0f us %11.0f us %8.2f   %+.0f us\n", kind, empty, library,
	       library / empty, more[rounds / 2]);
	return 0;
}

static void do_nothing(void)
{
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--be") == 0)
		return strcmp(argv[2], "exit handler") == 0 ? atexit(do_nothing) : 0;
	int rounds = argc == 4 ? atoi(argv[3]) : ROUNDS;
	if (argc < 3 || argc > 4 || rounds < 1 || rounds > MOST_ROUNDS) {
		fprintf(stderr, "usage: bench_start LIBRARY EMPTY [ROUNDS]\n");
		return 2;
	}
	char *preloads[WAYS] = { [EMPTY] = argv[2], [LIBRARY] = argv[1] };
	printf("%-22s %12s %14s %8s   (medians of %d rounds, processor time)\n",
	       "exec to end", "empty .so", "preloaded", "ratio", rounds);
	return measure(preloads, "nothing", rounds) |
	       measure(preloads, "exit handler", rounds);
}
