/* SPDX-License-Identifier: MIT */
/*
 * victim_pages.c - mapped pages of one letter each.
 */
#include "victim_pages.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "victim.h"

#define LINE_BYTES 4096

char *pages_at(char *start, int index)
{
	return start + (size_t)index * PAGES_BYTES;
}

char *pages_map_memory(int count)
{
	char *start = mmap(NULL, (size_t)count * PAGES_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	victim_need(start != MAP_FAILED, "mmap");
	return start;
}

char *pages_map_dirty(const char *kind, const char *path, int count)
{
	int fd = victim_open(path, O_RDWR | O_CREAT);

	victim_need(ftruncate(fd, PAGES_FILE * (off_t)PAGES_BYTES) == 0, "ftruncate");
	char *start = mmap(NULL, (size_t)count * PAGES_BYTES, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);
	victim_need(start != MAP_FAILED, "mmap");
	if (strcmp(kind, "closed") == 0)
		victim_need(close(fd) == 0, "close");
	pages_fill(start, count, PAGES_DIRTY);
	return start;
}

void pages_fill(char *start, int count, char letter)
{
	memset(start, letter, (size_t)count * PAGES_BYTES);
}

int pages_hold(const char *start, int count, char letter)
{
	for (size_t i = 0; i < (size_t)count * PAGES_BYTES; i++) {
		if (start[i] != letter)
			return 0;
	}
	return 1;
}

int pages_are_mapped(const char *start, int count)
{
	uintptr_t from = (uintptr_t)start, to = from + (size_t)count * PAGES_BYTES;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[LINE_BYTES];
	int found = 0;

	victim_need(maps != NULL, "/proc/self/maps");
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t begin, end;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &begin, &end) == 2)
			found |= begin < to && from < end;
	}
	fclose(maps);
	return found;
}
