/* SPDX-License-Identifier: MIT */
/*
 * test_got.c - the slots of real libcurls, and of an object that binds late.
 */
#include <dlfcn.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "curls.h"
#include "dynamic.h"
#include "got.h"
#include "unit.h"

enum { POLL, CREATE, RESOLVE, RELEASE, SLOTS };

static struct cf_slot slots[SLOTS];

static struct {
	int polls;
	struct pollfd fds;
	nfds_t count;
} seen;

static int door_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int (*held)(struct pollfd *, nfds_t, int) =
		(int (*)(struct pollfd *, nfds_t, int))slots[POLL].held;

	seen.polls++;
	seen.count = count;
	if (count > 0)
		seen.fds = fds[0];
	return held(fds, count, timeout_ms);
}

static int door_create(pthread_t *thread, const pthread_attr_t *attributes,
		       void *(*run)(void *), void *argument)
{
	return pthread_create(thread, attributes, run, argument);
}

static int door_resolve(const char *host, const char *service,
			const struct addrinfo *hints, struct addrinfo **list)
{
	return getaddrinfo(host, service, hints, list);
}

static int given_doors(void **state)
{
	(void)state;
	slots[POLL] = (struct cf_slot){ "poll", (void *)door_poll, NULL };
	slots[CREATE] = (struct cf_slot){ "pthread_create", (void *)door_create, NULL };
	slots[RESOLVE] = (struct cf_slot){ "getaddrinfo", (void *)door_resolve, NULL };
	slots[RELEASE] = (struct cf_slot){ "freeaddrinfo", NULL, NULL };
	cf_objects_begin();
	cf_got_begin(slots, SLOTS);
	return 0;
}

/* What the slots of an object hold; NULL where it has none. */
static void *values[SLOTS];

static void read_table(const struct dl_phdr_info *object, long table, long size)
{
	const ElfW(Rela) *entry = cf_dynamic_pointer(object, table);
	const ElfW(Sym) *symbols = cf_dynamic_pointer(object, DT_SYMTAB);
	const char *strings = cf_dynamic_pointer(object, DT_STRTAB);
	size_t count = cf_dynamic_number(object, size) / sizeof(*entry);

	for (size_t i = 0; entry && i < count; i++) {
		const char *name =
			strings + symbols[ELF64_R_SYM(entry[i].r_info)].st_name;

		for (int slot = 0; slot < SLOTS; slot++) {
			if (strcmp(name, slots[slot].name) == 0)
				values[slot] =
					*(void **)(object->dlpi_addr + entry[i].r_offset);
		}
	}
}

static void read_slots(const struct dl_phdr_info *object)
{
	memset(values, 0, sizeof(values));
	read_table(object, DT_JMPREL, DT_PLTRELSZ);
	read_table(object, DT_RELA, DT_RELASZ);
}

static void assert_leads_to_doors(void *handle)
{
	curls_show(handle, read_slots);
	assert_ptr_equal(values[POLL], door_poll);
	assert_ptr_equal(values[CREATE], door_create);
	assert_ptr_equal(values[RESOLVE], door_resolve);
}

static void lead_to_doors_and_hold(const char *name)
{
	void *before[SLOTS], *handle = curls_load(name);

	curls_show(handle, read_slots);
	memcpy(before, values, sizeof(before));
	for (int i = 0; i < SLOTS; i++)
		assert_non_null(before[i]);
	cf_got_attach();
	assert_leads_to_doors(handle);
	for (int i = 0; i < SLOTS; i++)
		assert_ptr_equal(slots[i].held, before[i]);
	assert_ptr_equal(values[RELEASE], before[RELEASE]); /* only noted */
}

static void a_libcurls_slots_lead_to_the_doors_and_what_they_held_is_kept(void **state)
{
	(void)state;
	lead_to_doors_and_hold(CURLS_OPENSSL);
}

static void those_of_the_gnutls_flavour_do_too(void **state)
{
	(void)state;
	lead_to_doors_and_hold(CURLS_GNUTLS);
}

static void two_libcurls_lead_to_the_same_doors(void **state)
{
	void *one = curls_load(CURLS_OPENSSL), *other = curls_load(CURLS_GNUTLS);

	(void)state;
	cf_got_attach();
	assert_leads_to_doors(one);
	assert_leads_to_doors(other);
}

static void a_libcurl_that_comes_later_is_rewritten_by_the_next_attach(void **state)
{
	void *one = curls_load(CURLS_OPENSSL);

	(void)state;
	cf_got_attach();
	void *held = slots[POLL].held, *other = curls_load(CURLS_GNUTLS);
	cf_got_attach();
	assert_leads_to_doors(one);
	assert_leads_to_doors(other);
	assert_ptr_equal(slots[POLL].held, held);
}

static void a_libcurl_that_was_unloaded_and_comes_again_is_rewritten_again(void **state)
{
	void *handle = curls_load(CURLS_OPENSSL);

	(void)state;
	cf_got_attach();
	curls_unload(handle);
	handle = curls_load(CURLS_OPENSSL);
	curls_show(handle, read_slots);
	assert_ptr_not_equal(values[POLL], door_poll);
	cf_got_attach();
	assert_leads_to_doors(handle);
}

static void when_nothing_was_loaded_since_nothing_is_rewritten(void **state)
{
	void *handle = curls_load(CURLS_OPENSSL);

	(void)state;
	cf_got_attach();
	slots[POLL].held = (void *)door_poll; /* or it would be left alone for that */
	slots[POLL].door = (void *)door_create;
	cf_got_attach();
	assert_leads_to_doors(handle);
}

static void a_slot_that_holds_something_else_than_the_first_is_left_alone(void **state)
{
	void *handle = curls_load(CURLS_OPENSSL);

	(void)state;
	slots[POLL].held = (void *)door_resolve; /* as if another preload's */
	curls_show(handle, read_slots);
	void *before = values[POLL];
	cf_got_attach();
	curls_show(handle, read_slots);
	assert_ptr_equal(values[POLL], before);
	assert_ptr_equal(slots[POLL].held, door_resolve);
	assert_ptr_equal(values[CREATE], door_create);
}

/* struct curl_waitfd of libcurl */
struct waitfd {
	int fd;
	short events, revents;
};

static void what_libcurl_waits_in_comes_through_the_door_and_nobody_else(void **state)
{
	void *handle = curls_load(CURLS_OPENSSL);
	struct waitfd extra = { .events = 1 };
	int pipes[2], ready = 0;

	(void)state;
	cf_got_attach();
	void *multi = ((void *(*)(void))curls_own(handle, CF_CURL_MULTI_INIT))();
	int (*wait)(void *, struct waitfd *, unsigned, int, int *) =
		(int (*)(void *, struct waitfd *, unsigned, int, int *))curls_own(
			handle, CF_CURL_MULTI_WAIT);
	assert_non_null(multi);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "a", 1), 1);
	poll(NULL, 0, 0);
	assert_int_equal(seen.polls, 0);
	extra.fd = pipes[0];
	assert_int_equal(wait(multi, &extra, 1, 5000, &ready), 0);
	assert_int_equal(ready, 1);
	assert_int_equal(extra.revents, 1);
	assert_true(seen.polls >= 1);
	assert_int_equal(seen.fds.fd, pipes[0]);
}

static uintptr_t sealed_start, sealed_end;

static void find_sealed(const struct dl_phdr_info *object)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_GNU_RELRO) {
			sealed_start = start & ~(page - 1);
			sealed_end = (start + part->p_memsz) & ~(page - 1);
		}
	}
}

/* How many bytes between these two are mapped with this protection. */
static size_t count_mapped(uintptr_t from, uintptr_t to, const char *protection)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], mode[8];
	unsigned long start, end;
	size_t bytes = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) != 3 ||
		    strcmp(mode, protection) != 0)
			continue;
		start = start < from ? from : start;
		end = end > to ? to : end;
		if (end > start)
			bytes += end - start;
	}
	fclose(maps);
	return bytes;
}

static void what_the_loader_has_sealed_is_sealed_again(void **state)
{
	void *handle = curls_load(CURLS_OPENSSL);

	(void)state;
	curls_show(handle, find_sealed);
	size_t size = sealed_end - sealed_start;
	assert_true(size > 0);
	assert_int_equal(count_mapped(sealed_start, sealed_end, "r--p"), size);
	cf_got_attach();
	assert_leads_to_doors(handle);
	assert_int_equal(count_mapped(sealed_start, sealed_end, "r--p"), size);
	assert_int_equal(count_mapped(0, UINTPTR_MAX, "rwxp"), 0);
}

static void a_slot_that_is_not_bound_yet_leads_to_the_door_and_on_to_libc(void **state)
{
	void *handle = dlopen(UNIT_LATE_BINDING, RTLD_LAZY | RTLD_LOCAL);

	(void)state;
	assert_non_null(handle);
	int (*wait)(int) = (int (*)(int))curls_own(handle, CF_CURL_MULTI_CLEANUP);
	curls_show(handle, read_slots);
	void *before = values[POLL];
	if (before == dlsym(RTLD_DEFAULT, "poll"))
		unit_skip("this loader binds everything at once");
	cf_got_attach();
	curls_show(handle, read_slots);
	assert_ptr_equal(values[POLL], door_poll);
	assert_ptr_equal(slots[POLL].held, dlsym(RTLD_DEFAULT, "poll"));
	assert_int_equal(wait(0), 0);
	assert_int_equal(wait(0), 0);
	assert_int_equal(seen.polls, 2);
}

#define GOT_TEST(function) cmocka_unit_test_setup(function, given_doors)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GOT_TEST(a_libcurls_slots_lead_to_the_doors_and_what_they_held_is_kept),
		GOT_TEST(those_of_the_gnutls_flavour_do_too),
		GOT_TEST(two_libcurls_lead_to_the_same_doors),
		GOT_TEST(a_libcurl_that_comes_later_is_rewritten_by_the_next_attach),
		GOT_TEST(a_libcurl_that_was_unloaded_and_comes_again_is_rewritten_again),
		GOT_TEST(when_nothing_was_loaded_since_nothing_is_rewritten),
		GOT_TEST(a_slot_that_holds_something_else_than_the_first_is_left_alone),
		GOT_TEST(what_libcurl_waits_in_comes_through_the_door_and_nobody_else),
		GOT_TEST(what_the_loader_has_sealed_is_sealed_again),
		GOT_TEST(a_slot_that_is_not_bound_yet_leads_to_the_door_and_on_to_libc),
	};

	return unit_run(tests);
}
