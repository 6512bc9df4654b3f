/* SPDX-License-Identifier: MIT */
/*
 * census.c - many closes at once, counted.
 */
#include "census.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bounds.h"
#include "scratch.h"
#include "suite.h"

#define SPARE_NUMBERS 1024 /* as a victim makes room for */
#define MOST_HANDLES  32768
#define BLOCK_BYTES   4096
#define PATIENCE_MS   5000
#define QUIET_MS      300 /* what is overdue has come by then */

void census_require(int descriptor_count)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < (rlim_t)descriptor_count + SPARE_NUMBERS)
		suite_skip("the hard limit of open files is too low (ulimit -Hn)");
}

/* Its name says so; nothing else of a foreign task is safe to read. */
static int is_ours(long pid)
{
	char path[64], name[32] = "";

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return 0;
	ssize_t size = read(fd, name, sizeof(name) - 1);
	close(fd);
	return size > 0 && strncmp(name, "curfew-", 7) == 0;
}

static int count_children(pid_t pid, const char *thread)
{
	static char text[65536];
	char path[512];
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)pid, thread);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return 0; /* the thread has ended */
	ssize_t size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	char *at = text;
	for (long child; (child = strtol(at, &at, 10)) > 0;)
		count += is_ours(child);
	return count;
}

static int count_tasks(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *threads = opendir(path);
	while (threads && (entry = readdir(threads))) {
		if (entry->d_name[0] != '.')
			count += count_children(pid, entry->d_name);
	}
	if (threads)
		closedir(threads);
	return count;
}

int census_most_tasks(struct running *running, int step, int within_ms)
{
	int64_t until = bounds_after(within_ms);
	int most = 0, count = 0;

	if (access("/proc/thread-self/children", R_OK) != 0)
		suite_skip("the kernel does not show children "
			   "(/proc/PID/task/TID/children)");
	do {
		count = count_tasks(running->pid);
		if (count > most)
			most = count;
	} while (running->marks->step < step && !run_has_ended(running) &&
		 bounds_nap(until));
	run_await_step(running, step, 0);
	return most;
}

static const char *string_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

static int number_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	assert_true(cJSON_IsNumber(item));
	return item->valueint;
}

static int *line_for(struct census *census, const char *ending)
{
	if (strcmp(ending, "finished") == 0)
		return &census->finished;
	if (strcmp(ending, "expired") == 0)
		return &census->expired;
	if (strcmp(ending, "parked") == 0)
		return &census->parked;
	return strcmp(ending, "late") == 0 ? &census->late : &census->others;
}

static void add(struct census *census, char *is_known, const cJSON *object, int result)
{
	const char *ending = string_of(object, "ending");
	int handle = number_of(object, "handle");
	int *line = line_for(census, ending);

	++*line;
	if (number_of(object, "result") != (line == &census->late ? 0 : result))
		fail_msg("an event \"%s\" with the result %d", ending,
			 number_of(object, "result"));
	if (line == &census->late || line == &census->others)
		return;
	assert_in_range(handle, 0, MOST_HANDLES - 1);
	if (is_known[handle]++)
		fail_msg("number %d has been closed twice, now \"%s\"", handle, ending);
}

struct census census_take(const struct running *running, int result)
{
	static char is_known[MOST_HANDLES];
	struct census census = { 0 };
	FILE *events = fopen(running->events, "re");
	char *line = NULL;
	size_t room = 0;

	memset(is_known, 0, sizeof(is_known));
	assert_non_null(events);
	while (getline(&line, &room, events) > 0 && strchr(line, '\n')) {
		cJSON *object = cJSON_Parse(line);

		if (!cJSON_IsObject(object))
			fail_msg("no JSON object: %s", line);
		if (number_of(object, "pid") == running->pid)
			add(&census, is_known, object, result);
		cJSON_Delete(object);
	}
	free(line);
	fclose(events);
	return census;
}

struct census census_await(const struct running *running, int result, int count)
{
	struct census census;

	for (int64_t until = bounds_after(PATIENCE_MS);;) {
		census = census_take(running, result);
		if (census.finished + census.expired + census.parked >= count)
			break;
		if (!bounds_nap(until))
			fail_msg("%d finished, %d expired, %d parked; not %d in all",
				 census.finished, census.expired, census.parked, count);
	}
	print_message("             %d finished, %d expired, %d parked, %d late\n",
		      census.finished, census.expired, census.parked, census.late);
	assert_int_equal(census.finished + census.expired + census.parked, count);
	assert_int_equal(census.others, 0);
	return census;
}

void census_await_flushes(const struct mount *mount, uint32_t before, uint32_t count)
{
	for (int64_t until = bounds_after(PATIENCE_MS);;) {
		uint32_t seen = mount->orders->seen[WEDGE_FLUSH] - before;

		if (seen >= count)
			return;
		if (!bounds_nap(until))
			fail_msg("%u requests have come, not %u", seen, count);
	}
}

void census_assert_flushes(const struct mount *mount, uint32_t before, uint32_t count)
{
	census_await_flushes(mount, before, count);
	for (int64_t until = bounds_after(QUIET_MS); bounds_nap(until);)
		;
	assert_int_equal(mount->orders->seen[WEDGE_FLUSH] - before, count);
}

/* O_DIRECT asks the server. */
static int has_arrived(const char *path, char *block, int size)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC), seen = 0;

	assert_true(fd != -1);
	ssize_t count = read(fd, block, BLOCK_BYTES);
	close(fd);
	for (ssize_t i = 0; i < count; i++)
		seen += block[i] == 'x';
	return count == size && seen == size;
}

void census_assert_arrived(const struct mount *mount, const char *prefix, int count,
			   int size, int within_ms)
{
	char path[256], *block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES);
	int64_t until = bounds_after(within_ms);

	assert_non_null(block);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s%d", mount->point, prefix, i);
		while (!has_arrived(path, block, size)) {
			if (!bounds_nap(until))
				fail_msg("%s does not hold what was written", path);
		}
	}
	free(block);
}
