/* SPDX-License-Identifier: MIT */
/*
 * shadow.c - what each page of a victim must hold.
 */
#include "shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"

#define LINE_BYTES 4096
#define LAST_WORD  (SHADOW_BYTES / sizeof(uint64_t) - 1)
#define START	   (UINT64_C(1) << 60) /* what the file holds before anything is stored */

static int first_page(const struct worker *worker)
{
	return worker->number * 2 * SHADOW_FILE;
}

static uint64_t value_at_start(int file_page)
{
	return START + (uint64_t)file_page;
}

void shadow_make_file(struct worker *worker)
{
	static uint64_t words[SHADOW_BYTES / sizeof(uint64_t)];
	int first = first_page(worker);

	for (int i = first; i < first + 2 * SHADOW_FILE; i++) {
		words[0] = words[LAST_WORD] = value_at_start(i);
		victim_need(pwrite(worker->fd, words, SHADOW_BYTES,
				   i * (off_t)SHADOW_BYTES) == SHADOW_BYTES,
			    "pwrite");
		if (i < first + SHADOW_FILE)
			worker->stored[i - first] = value_at_start(i);
	}
}

static void compare(const volatile uint64_t *words, uint64_t value, const char *where,
		    int index)
{
	if (words[0] == value && words[LAST_WORD] == value)
		return;
	fprintf(stderr, "%s, page %d: %llx and %llx, not %llx\n", where, index,
		(unsigned long long)words[0], (unsigned long long)words[LAST_WORD],
		(unsigned long long)value);
	errno = EFAULT;
	victim_need(0, "a page is not what it was");
}

void shadow_check_file(const struct worker *worker)
{
	int fd = victim_open(worker->path, O_RDONLY | O_DIRECT);
	uint64_t *words = aligned_alloc(SHADOW_BYTES, SHADOW_BYTES);
	int first = first_page(worker);

	for (int i = first; i < first + 2 * SHADOW_FILE; i++) {
		victim_need(pread(fd, words, SHADOW_BYTES, i * (off_t)SHADOW_BYTES) ==
				    SHADOW_BYTES,
			    "pread");
		compare(words,
			i < first + SHADOW_FILE ? worker->stored[i - first]
						: value_at_start(i),
			"the file", i);
	}
	free(words);
	victim_need(close(fd) == 0, "close");
}

int shadow_file_page(const struct worker *worker, enum page_kind kind, int count,
		     int chance)
{
	int first = first_page(worker) + (kind == PAGE_PRIVATE ? SHADOW_FILE : 0);

	return kind == PAGE_MEMORY ? 0 : first + chance % (SHADOW_FILE - count + 1);
}

char *shadow_address(struct span span)
{
	return span.area->base + (size_t)span.from * SHADOW_BYTES;
}

struct span shadow_all(struct area *area)
{
	return (struct span){ area, 0, area->count };
}

int shadow_has_hole(struct span span)
{
	int found = 0;

	for (int i = 0; i < span.count; i++)
		found |= span.area->pages[span.from + i].kind == PAGE_NONE;
	return found;
}

int shadow_has_file(struct span span)
{
	int found = 0;

	for (int i = 0; i < span.count; i++)
		found |= span.area->pages[span.from + i].kind > PAGE_MEMORY;
	return found;
}

struct span shadow_next(struct area *area, int from)
{
	struct span span = { area, from, 0 };

	while (span.from < area->count && area->pages[span.from].kind == PAGE_NONE)
		span.from++;
	while (span.from + span.count < area->count &&
	       area->pages[span.from + span.count].kind != PAGE_NONE)
		span.count++;
	return span;
}

struct span shadow_run(struct span span)
{
	struct page *pages = span.area->pages;
	int mapping = pages[span.from].mapping;

	span.count = 0;
	if (pages[span.from].kind == PAGE_NONE)
		return span;
	while (span.from > 0 && pages[span.from - 1].mapping == mapping)
		span.from--;
	while (span.from + span.count < span.area->count &&
	       pages[span.from + span.count].mapping == mapping)
		span.count++;
	return span;
}

struct area *shadow_free_area(struct worker *worker)
{
	for (int i = 1; i < SHADOW_AREAS; i++) {
		if (worker->areas[i].count == 0)
			return &worker->areas[i];
	}
	return NULL;
}

static const uint64_t *value_of(const struct worker *worker, const struct page *page)
{
	return page->kind == PAGE_SHARED
		       ? &worker->stored[page->file_page - first_page(worker)]
		       : &page->value;
}

void shadow_check(const struct worker *worker, struct span span)
{
	static const char *const names[] = { "none", "memory", "shared", "private" };

	for (int i = span.from; i < span.from + span.count; i++) {
		const struct page *page = &span.area->pages[i];
		struct span one = { span.area, i, 1 };

		if (page->kind != PAGE_NONE)
			compare((uint64_t *)(void *)shadow_address(one),
				*value_of(worker, page), names[page->kind], i);
	}
}

void shadow_fill(struct worker *worker, struct span span)
{
	for (int i = span.from; i < span.from + span.count; i++) {
		const struct page *page = &span.area->pages[i];
		uint64_t value = (uint64_t)worker->number << 48 | ++worker->last_value;
		struct span one = { span.area, i, 1 };
		volatile uint64_t *words = (uint64_t *)(void *)shadow_address(one);

		if (page->kind == PAGE_NONE)
			continue;
		words[0] = words[LAST_WORD] = value;
		*(uint64_t *)value_of(worker, page) = value;
	}
}

static uint64_t value_of_new(const struct page *page)
{
	return page->kind == PAGE_PRIVATE ? value_at_start(page->file_page) : 0;
}

void shadow_set(struct worker *worker, struct span span, const struct fresh *fresh)
{
	worker->last_mapping++;
	for (int i = 0; i < span.count; i++) {
		struct page *page = &span.area->pages[span.from + i];

		page->kind = fresh->kind;
		page->mapping = worker->last_mapping;
		page->file_page = fresh->file_page + i;
		page->value = value_of_new(page);
	}
}

/* An area of the kernel's choice is free when nothing of it is left. */
void shadow_clear(struct span span)
{
	struct area *area = span.area;

	memset(&area->pages[span.from], 0, (size_t)span.count * sizeof(struct page));
	if (area->count < SHADOW_OWN && shadow_next(area, 0).count == 0)
		area->count = 0;
}

void shadow_move(struct worker *worker, struct span from, struct span to)
{
	worker->last_mapping++;
	for (int i = 0; i < from.count; i++) {
		struct page *page = &to.area->pages[to.from + i];

		*page = from.area->pages[from.from + i];
		page->mapping = worker->last_mapping;
	}
	shadow_clear(from);
}

int shadow_may_grow(const struct worker *worker, struct span run)
{
	const struct page *last = &run.area->pages[run.from + run.count - 1];
	int next = last->file_page + 1 - first_page(worker);

	return last->kind == PAGE_MEMORY || next % SHADOW_FILE != 0;
}

/* With a number of its own: it may now touch another part of what it once was. */
void shadow_grow(struct worker *worker, struct span run)
{
	struct page *last = &run.area->pages[run.from + run.count - 1];

	worker->last_mapping++;
	for (int i = 0; i < run.count; i++)
		last[-i].mapping = worker->last_mapping;

	last[1] = last[0];
	last[1].file_page++;
	last[1].value = value_of_new(&last[1]);
}

int shadow_is_mapped(const char *path)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[LINE_BYTES];
	int found = 0;

	victim_need(maps != NULL, "/proc/self/maps");
	while (fgets(line, sizeof(line), maps))
		found |= strstr(line, path) != NULL;
	fclose(maps);
	return found;
}
