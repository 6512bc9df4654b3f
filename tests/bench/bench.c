/* SPDX-License-Identifier: MIT */
/*
 * bench.c - what a cleanup costs stock and preloaded, in one interleaved run.
 *
 * usage: bench LIBRARY WEDGEFS [ROUNDS]
 *
 * In every round this program starts itself twice, stock and with LD_PRELOAD, in turns
 * first. Ratios are medians of the ratios of each round, so that a machine that gets
 * slower meanwhile does not matter.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_curl.h"
#include "bench_kinds.h"
#include "bench_loader.h"
#include "bench_maps.h"
#include "bench_mount.h"

#define ROUNDS	    21
#define MOST_ROUNDS 501
#define MOST_ROWS   32

enum { STOCK, PRELOADED, WAYS };

static struct row {
	char name[BENCH_NAME_BYTES];
	int rounds[WAYS];
	double ns[WAYS][MOST_ROUNDS];
} rows[MOST_ROWS];

static int row_count;

static struct row *row_named(const char *name)
{
	for (int i = 0; i < row_count; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	if (row_count == MOST_ROWS)
		return NULL;
	struct row *row = &rows[row_count++];
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(const double *values, int count)
{
	double sorted[MOST_ROUNDS];

	memcpy(sorted, values, (size_t)count * sizeof(*sorted));
	qsort(sorted, (size_t)count, sizeof(*sorted), compare);
	return sorted[count / 2];
}

static void take_lines(FILE *from, int way)
{
	char name[BENCH_NAME_BYTES];
	long long ns;

	while (fscanf(from, "%lld %39[^\n]", &ns, name) == 2) {
		struct row *row = row_named(name);

		if (row && row->rounds[way] < MOST_ROUNDS)
			row->ns[way][row->rounds[way]++] = (double)ns;
	}
}

static void be_child(const char *library, char **arguments, int to)
{
	if (library)
		setenv("LD_PRELOAD", library, 1);
	else
		unsetenv("LD_PRELOAD");
	if (dup2(to, STDOUT_FILENO) != -1)
		execv("/proc/self/exe", arguments);
	_exit(127);
}

static bool run(int way, const char *library, char **arguments)
{
	int ends[2], status = -1;

	if (pipe(ends) == -1)
		return false;
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		be_child(way == PRELOADED ? library : NULL, arguments, ends[1]);
	}
	close(ends[1]);
	FILE *from = fdopen(ends[0], "r");
	if (from) {
		take_lines(from, way);
		fclose(from);
	}
	return child != -1 && waitpid(child, &status, 0) == child && status == 0;
}

/* Whether this very process has the library, or not, as it should. */
static bool is_as_ordered(const char *way)
{
	char line[4096];
	bool found = false;
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps))
		found |= strstr(line, "/libcurfew.so") != NULL;
	if (maps)
		fclose(maps);
	return found == (strcmp(way, "preloaded") == 0);
}

/* bench --measure stock|preloaded LOCAL FUSE */
static int measure(char **argv)
{
	struct bench_places places = { argv[3], *argv[4] ? argv[4] : NULL };

	if (!is_as_ordered(argv[2])) {
		fprintf(stderr, "bench: the library is not where it should be\n");
		return 1;
	}
	bench_kinds_measure(&places, stdout);
	bench_maps_measure(&places, stdout);
	bench_loader_measure(stdout);
	bench_curl_measure(stdout);
	return 0;
}

static void print_table(int rounds)
{
	double ratios[MOST_ROUNDS];

	printf("%-22s %12s %14s %8s   (medians of %d rounds)\n", "cleanup", "stock",
	       "preloaded", "ratio", rounds);
	for (int i = 0; i < row_count; i++) {
		struct row *row = &rows[i];

		for (int j = 0; j < rounds; j++)
			ratios[j] = row->ns[PRELOADED][j] / row->ns[STOCK][j];
		printf("%-22s %9.0f ns %11.0f ns %8.2f\n", row->name,
		       median(row->ns[STOCK], rounds), median(row->ns[PRELOADED], rounds),
		       median(ratios, rounds));
	}
}

static bool is_complete(int rounds)
{
	for (int i = 0; i < row_count; i++) {
		if (rows[i].rounds[STOCK] != rounds ||
		    rows[i].rounds[PRELOADED] != rounds)
			return false;
	}
	return row_count > 0;
}

/* All rounds, in `local` and, where it can be mounted, in `fuse`. */
static bool run_rounds(const char *library, int rounds, const char *local,
		       const char *fuse)
{
	bool ran = true;

	for (int i = 0; ran && i < rounds * WAYS; i++) {
		int way = (i ^ i / WAYS) % WAYS; /* stock first, then second, ... */
		char *arguments[] = {
			"bench",       "--measure",  way == STOCK ? "stock" : "preloaded",
			(char *)local, (char *)fuse, NULL
		};

		ran = run(way, library, arguments);
	}
	return ran;
}

static int drive(const char *library, const char *wedgefs, int rounds)
{
	char place[] = "bench-XXXXXX", fuse[4096 + sizeof("/fuse")];

	if (!mkdtemp(place)) {
		perror("bench: cannot make a directory here");
		return 1;
	}
	char *local = realpath(place, NULL);
	snprintf(fuse, sizeof(fuse), "%s/fuse", local ? local : "");
	const char *obstacle = mkdir(fuse, 0700) == -1 ? "no directory for it"
						       : bench_mount(wedgefs, fuse);
	if (obstacle)
		printf("no row for FUSE: %s\n", obstacle);
	bool ran = local && run_rounds(library, rounds, local, obstacle ? "" : fuse);
	bench_unmount(fuse);
	rmdir(fuse);
	rmdir(place);
	free(local);
	if (!ran || !is_complete(rounds)) {
		fprintf(stderr, "bench: a run failed\n");
		return 1;
	}
	print_table(rounds);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--measure") == 0)
		return measure(argv);
	int rounds = argc == 4 ? atoi(argv[3]) : ROUNDS;
	if (argc < 3 || argc > 4 || rounds < 1 || rounds > MOST_ROUNDS) {
		fprintf(stderr, "usage: bench LIBRARY WEDGEFS [ROUNDS]\n");
		return 2;
	}
	return drive(argv[1], argv[2], rounds);
}
