/* SPDX-License-Identifier: MIT */
/*
 * objects.c - the loader's view: callers, libcurls, and who calls which. Floor 1.
 *
 * What was found for a caller is kept under its link map, and believed while the loader
 * still shows the same two objects, the caller's and libcurl's, at the same places.
 */
#include "objects.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "binding.h"
#include "dynamic.h"
#include "layout.h"
#include "loader.h"
#include "lock.h"
#include "pool.h"
#include "raw.h"

#define MOST_CALLERS 64
#define MOST_CURLS   16
#define LISTS	     8

static const char *const names[CF_CURL_FUNCTIONS] = {
	[CF_CURL_EASY_INIT] = "curl_easy_init",
	[CF_CURL_EASY_DUPHANDLE] = "curl_easy_duphandle",
	[CF_CURL_MULTI_INIT] = "curl_multi_init",
	[CF_CURL_SHARE_INIT] = "curl_share_init",
	[CF_CURL_EASY_SETOPT] = "curl_easy_setopt",
	[CF_CURL_MULTI_SETOPT] = "curl_multi_setopt",
	[CF_CURL_SHARE_SETOPT] = "curl_share_setopt",
	[CF_CURL_EASY_PERFORM] = "curl_easy_perform",
	[CF_CURL_MULTI_ADD_HANDLE] = "curl_multi_add_handle",
	[CF_CURL_MULTI_PERFORM] = "curl_multi_perform",
	[CF_CURL_MULTI_POLL] = "curl_multi_poll",
	[CF_CURL_MULTI_WAIT] = "curl_multi_wait",
	[CF_CURL_MULTI_SOCKET_ACTION] = "curl_multi_socket_action",
	[CF_CURL_MULTI_SOCKET] = "curl_multi_socket",
	[CF_CURL_MULTI_SOCKET_ALL] = "curl_multi_socket_all",
	[CF_CURL_MULTI_INFO_READ] = "curl_multi_info_read",
	[CF_CURL_MULTI_REMOVE_HANDLE] = "curl_multi_remove_handle",
	[CF_CURL_MULTI_CLEANUP] = "curl_multi_cleanup",
	[CF_CURL_EASY_CLEANUP] = "curl_easy_cleanup",
	[CF_CURL_SHARE_CLEANUP] = "curl_share_cleanup",
	[CF_CURL_GLOBAL_CLEANUP] = "curl_global_cleanup",
};

struct caller {
	struct cf_sight self, curl;
	cf_function function[CF_CURL_FUNCTIONS];
};

typedef int find_function(void *address, struct dl_find_object *found);

struct list {
	unsigned long long changes; /* that the loader had made by then */
	int count;
	struct {
		const void *start, *end;
		bool is_hidden;
	} range[MOST_CURLS];
};

static struct cf_sight ourselves;
static find_function *_Atomic find_object; /* stored last: then the rest is there */
static struct cf_lock lock;		   /* of pool */
static CF_TABLE struct cf_pool pool;
static CF_TABLE struct caller
	*_Atomic callers[MOST_CALLERS]; /* never freed, replaced at most */
static CF_TABLE struct list
	lists[LISTS]; /* each visit makes another one: readers may be late */
static _Atomic unsigned next_list = 1;
static struct list *_Atomic curls = &lists[0];
static struct cf_generation seen; /* when that list was made */

static const char *listed; /* names, with colons between them */

static bool look_by(find_function *find, const void *address, struct cf_sight *sight)
{
	struct dl_find_object found;

	if (find((void *)address, &found) != 0)
		return false;
	*sight = (struct cf_sight){ found.dlfo_link_map, found.dlfo_map_start,
				    found.dlfo_map_end, found.dlfo_eh_frame };
	return true;
}

bool cf_objects_look(const void *address, struct cf_sight *sight)
{
	find_function *find = atomic_load_explicit(&find_object, memory_order_acquire);

	return find && look_by(find, address, sight);
}

bool cf_objects_is_same(const struct cf_sight *one, const struct cf_sight *other)
{
	return one->map == other->map && one->start == other->start &&
	       one->end == other->end && one->frames == other->frames;
}

void cf_objects_begin(void)
{
	if (atomic_load_explicit(&find_object, memory_order_acquire))
		return;
	find_function *find = (find_function *)cf_binding_first(
		(const void *)cf_objects_begin, "_dl_find_object");
	if (find)
		look_by(find, (const void *)cf_objects_begin, &ourselves);
	atomic_store_explicit(&find_object, find, memory_order_release);
}

void cf_objects_after_fork(void)
{
	lock = (struct cf_lock){ 0 };
	pool = (struct cf_pool){ 0 };
}

const char *cf_objects_name(enum cf_curl_function function)
{
	return names[function];
}

enum cf_curl_function cf_objects_number(const char *name)
{
	int i = 0;

	while (i < CF_CURL_FUNCTIONS && strcmp(names[i], name) != 0)
		i++;
	return (enum cf_curl_function)i;
}

void cf_objects_list(const char *new_names)
{
	listed = new_names;
}

bool cf_objects_is_ours(const void *address)
{
	cf_objects_begin();
	return address >= ourselves.start && address < ourselves.end;
}

/* The number of the libcurl that holds the address, -1 for none. */
static int curl_of(const struct list *list, const void *address)
{
	int i = list->count - 1;

	while (i >= 0 &&
	       (address < list->range[i].start || address >= list->range[i].end))
		i--;
	return i;
}

bool cf_objects_is_curl(const void *address)
{
	return curl_of(atomic_load_explicit(&curls, memory_order_acquire), address) >= 0;
}

bool cf_objects_is_hidden(const void *address)
{
	const struct list *list = atomic_load_explicit(&curls, memory_order_acquire);
	int i = curl_of(list, address);

	return i >= 0 && list->range[i].is_hidden;
}

struct search {
	struct cf_generation *seen;
	void (*visit)(const struct dl_phdr_info *object);
	struct list *list; /* NULL until the first object has been seen */
};

static bool is_news(const struct dl_phdr_info *object, struct cf_generation *before)
{
	if (object->dlpi_adds == before->loads && object->dlpi_subs == before->unloads)
		return false;
	before->loads = object->dlpi_adds;
	before->unloads = object->dlpi_subs;
	return true;
}

static bool is_listed(const char *name)
{
	size_t length = strlen(name);

	for (const char *at = listed; at;
	     at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		if (strncmp(at, name, length) == 0 &&
		    (at[length] == ':' || at[length] == '\0'))
			return length > 0;
	}
	return false;
}

/* A wrapper exports some of its functions, a copy that is linked into a module all. */
static bool is_copy(const struct dl_phdr_info *object)
{
	return cf_dynamic_defines(object, "curl_version_info") &&
	       cf_dynamic_defines(object, "curl_easy_escape");
}

static bool is_libcurl(const struct dl_phdr_info *object)
{
	if (listed && is_listed(cf_dynamic_file(object)))
		return true;
	return cf_dynamic_defines(object, names[CF_CURL_MULTI_CLEANUP]) &&
	       (strncmp(cf_dynamic_soname(object), "libcurl", 7) == 0 || is_copy(object));
}

/* The loader lists an object before it has relocated it, and finds it by its addresses
   afterwards (glibc 2.36 to 2.43: asked from a resolver that relocation calls). Until then
   its slots and their protection are the loader's. */
static bool is_being_loaded(const char *end)
{
	struct cf_sight sight;

	return atomic_load_explicit(&find_object, memory_order_acquire) &&
	       !cf_objects_look(end - 1, &sight);
}

static int look_at(struct dl_phdr_info *object, size_t size, void *data)
{
	struct search *search = data;
	const void *start = (const void *)object->dlpi_addr;
	const void *end = (const void *)cf_dynamic_end(object);

	(void)size;
	if (!search->list) {
		if (!is_news(object, search->seen))
			return 1;
		search->list = &lists[atomic_fetch_add(&next_list, 1) % LISTS];
		search->list->changes = object->dlpi_adds + object->dlpi_subs;
		search->list->count = 0;
	}
	if ((ourselves.start >= start && ourselves.start < end) || !is_libcurl(object))
		return 0;
	if (is_being_loaded(end)) {
		*search->seen = (struct cf_generation){ 0 }; /* look again */
		return 0;
	}
	if (search->visit)
		search->visit(object);
	if (search->list->count < MOST_CURLS) {
		int i = search->list->count++;

		search->list->range[i].start = start;
		search->list->range[i].end = end;
		search->list->range[i].is_hidden =
			!cf_dynamic_defines(object, names[CF_CURL_MULTI_CLEANUP]);
	}
	return 0;
}

/* Of two visits the one that has seen more is to be believed, whichever comes last. One that
   was made without the lock was made by the only thread. */
static void publish(struct list *list)
{
	struct list *present = atomic_load_explicit(&curls, memory_order_acquire);

	while ((present->changes <= list->changes ||
		present->changes >= CF_LOADER_UNLOCKED) &&
	       !atomic_compare_exchange_weak(&curls, &present, list))
		;
}

void cf_objects_visit(struct cf_generation *before,
		      void (*visit)(const struct dl_phdr_info *object))
{
	struct search search = { .seen = before, .visit = visit };

	cf_objects_begin();
	cf_loader_each(look_at, &search);
	if (search.list)
		publish(search.list);
}

static void find_all(struct caller *caller, const void *address,
		     enum cf_curl_function function)
{
	const void *found[CF_CURL_FUNCTIONS];

	cf_objects_visit(&seen, NULL);
	cf_binding_find(address, names, CF_CURL_FUNCTIONS, function, found);
	for (int i = 0; i < CF_CURL_FUNCTIONS; i++)
		caller->function[i] = (cf_function)found[i];
}

static struct caller *keep(const struct caller *caller)
{
	struct caller *kept = NULL;

	if (cf_lock_take(&lock)) {
		kept = cf_pool_get(&pool, sizeof(*kept));
		cf_lock_release(&lock);
	}
	if (kept)
		*kept = *caller;
	return kept;
}

static bool is_good(const struct caller *caller, const struct cf_sight *self)
{
	struct cf_sight curl;
	cf_function any = caller->function[CF_CURL_MULTI_CLEANUP];

	return cf_objects_is_same(&caller->self, self) && any &&
	       cf_objects_look((const void *)any, &curl) &&
	       cf_objects_is_same(&caller->curl, &curl);
}

/* Where what is known of this caller is kept, or may be; NULL when all is full. */
static struct caller *_Atomic *place_of(const struct link_map *map)
{
	unsigned first = (unsigned)((uintptr_t)map >> 5);

	for (unsigned i = 0; i < MOST_CALLERS; i++) {
		struct caller *_Atomic *place = &callers[(first + i) % MOST_CALLERS];
		struct caller *caller = atomic_load_explicit(place, memory_order_acquire);

		if (!caller || caller->self.map == map)
			return place;
	}
	return NULL;
}

CF_COLD static cf_function look_up(const struct cf_sight *self,
				   struct caller *_Atomic *place,
				   enum cf_curl_function function, const void *address)
{
	struct caller caller = { .self = *self };

	find_all(&caller, address, function);
	if (cf_objects_look((const void *)caller.function[CF_CURL_MULTI_CLEANUP],
			    &caller.curl)) {
		struct caller *kept = place ? keep(&caller) : NULL;

		if (kept)
			atomic_store_explicit(place, kept, memory_order_release);
	}
	return caller.function[function];
}

cf_function cf_objects_function(enum cf_curl_function function, const void *address)
{
	struct cf_sight self;

	cf_objects_begin();
	if (!cf_objects_look(address, &self))
		self = ourselves; /* code that no object holds: what we find is the best */
	struct caller *_Atomic *place = place_of(self.map);
	struct caller *caller =
		place ? atomic_load_explicit(place, memory_order_acquire) : NULL;
	if (caller && is_good(caller, &self))
		return caller->function[function];
	return look_up(&self, place, function, address);
}
