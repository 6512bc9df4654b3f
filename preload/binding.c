/* SPDX-License-Identifier: MIT */
/*
 * binding.c - a walk over the loader's list. Floor 0.
 *
 * The list is copied first and used in a second visit, under the lock, if nothing has
 * come or gone meanwhile.
 */
#include "binding.h"

#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dynamic.h"
#include "loader.h"
#include "pool.h"
#include "raw.h"

#define MOST_OBJECTS 2048
#define MOST_TRIES   5

struct survey {
	struct dl_phdr_info objects[MOST_OBJECTS];
	int count;
	int ourselves, caller; /* -1: not there */
	uint16_t queue[MOST_OBJECTS];
	bool is_queued[MOST_OBJECTS];
	/* The question. */
	const void *address;
	const char *const *names;
	int name_count, first;
	const void **found;
	bool is_first; /* the program's scope from its beginning, us included */
	bool is_done;
};

static _Atomic int startup_count; /* objects the program was started with come first */

static bool holds(const struct dl_phdr_info *object, const void *address)
{
	return (uintptr_t)address >= object->dlpi_addr &&
	       (uintptr_t)address < cf_dynamic_end(object);
}

static int count_one(struct dl_phdr_info *object, size_t size, void *count)
{
	(void)object, (void)size;
	++*(int *)count;
	return 0;
}

void cf_binding_begin(void)
{
	int count = 0;

	if (atomic_load(&startup_count) > 0)
		return;
	cf_loader_each(count_one, &count);
	atomic_store(&startup_count, count);
}

static int collect(struct dl_phdr_info *object, size_t size, void *data)
{
	struct survey *survey = data;

	(void)size;
	if (survey->count == MOST_OBJECTS)
		return 1;
	if (holds(object, (const void *)cf_binding_begin))
		survey->ourselves = survey->count;
	if (holds(object, survey->address))
		survey->caller = survey->count;
	survey->objects[survey->count++] = *object;
	return 0;
}

/* In the order of the program's scope, as a rule behind ourselves. */
static const void *find_for_all(const struct survey *survey, const char *name,
				const char *version)
{
	int end = atomic_load(&startup_count);

	for (int i = survey->is_first ? 0 : survey->ourselves + 1;
	     i < end && i < survey->count; i++) {
		const void *found = cf_dynamic_find(&survey->objects[i], name, version);

		if (found)
			return found;
	}
	return NULL;
}

static void queue_needed(struct survey *survey, int object, int *queued)
{
	const char *needed;

	for (int i = 0; (needed = cf_dynamic_needed(&survey->objects[object], i)); i++) {
		for (int j = 0; j < survey->count; j++) {
			if (survey->is_queued[j] || j == survey->ourselves ||
			    strcmp(cf_dynamic_soname(&survey->objects[j]), needed) != 0)
				continue;
			survey->is_queued[j] = true;
			survey->queue[(*queued)++] = (uint16_t)j;
		}
	}
}

/* The caller and what it needs, breadth first: as a dlopen() of it has made its scope. */
static void queue_scope(struct survey *survey, int *queued)
{
	if (survey->caller < 0)
		return;
	survey->queue[(*queued)++] = (uint16_t)survey->caller;
	survey->is_queued[survey->caller] = true;
	for (int i = 0; i < *queued; i++)
		queue_needed(survey, survey->queue[i], queued);
}

static const void *find_in_scope(const struct survey *survey, int queued,
				 const char *name, const char *version)
{
	for (int i = 0; i < queued; i++) {
		const void *found = cf_dynamic_find(&survey->objects[survey->queue[i]],
						    name, version);

		if (found)
			return found;
	}
	/* Loaded for everybody later, or called by a jump from an object that is not
	   known: the first that has it at all. */
	for (int i = 0; i < survey->count; i++) {
		const void *found =
			i == survey->ourselves
				? NULL
				: cf_dynamic_find(&survey->objects[i], name, NULL);

		if (found)
			return found;
	}
	return NULL;
}

static int answer(struct dl_phdr_info *object, size_t size, void *data)
{
	struct survey *survey = data;
	const char *version = NULL;
	int queued = 0;

	(void)size;
	if (object->dlpi_adds != survey->objects[0].dlpi_adds ||
	    object->dlpi_subs != survey->objects[0].dlpi_subs)
		return 1;
	if (survey->caller >= 0)
		version = cf_dynamic_wanted(&survey->objects[survey->caller],
					    survey->names[survey->first]);
	queue_scope(survey, &queued);
	for (int i = 0; i < survey->name_count; i++) {
		const char *name = survey->names[i];

		survey->found[i] = find_for_all(survey, name, version);
		if (!survey->found[i])
			survey->found[i] = find_in_scope(survey, queued, name, version);
	}
	survey->is_done = true;
	return 1;
}

static void ask(struct survey *survey)
{
	cf_binding_begin();
	for (int i = 0; i < MOST_TRIES && !survey->is_done; i++) {
		survey->count = 0;
		survey->ourselves = survey->caller = -1;
		memset(survey->is_queued, 0, sizeof(survey->is_queued));
		cf_loader_each(collect, survey);
		cf_loader_each(answer, survey);
	}
}

static void find(const void *caller, const char *const *names, int count, int first,
		 bool is_first, const void **found)
{
	struct survey *survey = cf_pool_pages(sizeof(*survey));

	memset(found, 0, (size_t)count * sizeof(*found));
	if (!survey)
		return;
	survey->address = caller;
	survey->names = names;
	survey->name_count = count;
	survey->first = first;
	survey->is_first = is_first;
	survey->found = found;
	ask(survey);
	cf_raw_call3(SYS_munmap, (long)survey, sizeof(*survey), 0);
}

void cf_binding_find(const void *caller, const char *const *names, int count, int first,
		     const void **found)
{
	find(caller, names, count, first, false, found);
}

const void *cf_binding_first(const void *caller, const char *name)
{
	const void *found;

	find(caller, &name, 1, 0, true, &found);
	return found;
}
