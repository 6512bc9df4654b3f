/* SPDX-License-Identifier: MIT */
/*
 * loader.c - the loader's list, by its function or by what it shows to debuggers. Floor 0.
 */
#include "loader.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "dynamic.h"
#include "raw.h"

#define OF_THE_FIRST_THREAD 3 /* links of /proc/PID/task: one for each thread, and two */

static _Atomic long first_pid; /* of the process that this memory was begun in */

/* A child of fork: the pid is another one. Without /proc it is taken to have one thread. */
static bool may_be_locked_for_ever(void)
{
	struct statx tasks = { .stx_nlink = OF_THE_FIRST_THREAD };
	long pid = cf_raw_call3(SYS_getpid, 0, 0, 0), none = 0;

	atomic_compare_exchange_strong(&first_pid, &none, pid);
	if (atomic_load(&first_pid) == pid)
		return false;
	cf_raw_call(SYS_statx, AT_FDCWD, (long)"/proc/self/task", 0, STATX_NLINK,
		    (long)&tasks, 0);
	return tasks.stx_nlink <= OF_THE_FIRST_THREAD;
}

static void program_itself(struct dl_phdr_info *object)
{
	const ElfW(Phdr) *parts = (const void *)getauxval(AT_PHDR);
	ElfW(Half) count = (ElfW(Half))getauxval(AT_PHNUM);

	*object = (struct dl_phdr_info){ .dlpi_name = "",
					 .dlpi_phdr = parts,
					 .dlpi_phnum = count };
	for (int i = 0; parts && i < count; i++) {
		if (parts[i].p_type == PT_PHDR)
			object->dlpi_addr = (uintptr_t)parts - parts[i].p_vaddr;
	}
}

/* What the loader shows to debuggers; NULL in a static program. */
static const struct link_map *list_of(const struct dl_phdr_info *program)
{
	const struct r_debug *shown = (const void *)cf_dynamic_number(program, DT_DEBUG);

	return shown ? shown->r_map : NULL;
}

/* By its header, if that is where it should be; read by the kernel: who knows. */
static bool describe(const struct link_map *map, struct dl_phdr_info *object)
{
	const ElfW(Ehdr) *header = (const void *)map->l_addr;
	uint64_t magic = 0;

	if (!header || cf_raw_peek((const uint64_t *)header, &magic) != sizeof(magic) ||
	    memcmp(&magic, ELFMAG, SELFMAG) != 0)
		return false;
	*object = (struct dl_phdr_info){
		.dlpi_addr = map->l_addr,
		.dlpi_name = map->l_name ? map->l_name : "",
		.dlpi_phdr = (const void *)((const char *)header + header->e_phoff),
		.dlpi_phnum = header->e_phnum,
	};
	return true;
}

/* One more whenever the list is another one than the last time. */
static unsigned long long generation_of(const struct link_map *list)
{
	static unsigned long long generation, seen;
	unsigned long long now = 0;

	for (const struct link_map *map = list; map; map = map->l_next)
		now = now * 31 + (uintptr_t)map->l_ld;
	generation += now != seen;
	seen = now;
	return CF_LOADER_UNLOCKED + generation;
}

static int each_unlocked(int (*each)(struct dl_phdr_info *, size_t, void *), void *data)
{
	struct dl_phdr_info program, object;
	int answer;

	program_itself(&program);
	const struct link_map *list = list_of(&program);
	program.dlpi_adds = generation_of(list);
	answer = each(&program, sizeof(program), data);
	for (const struct link_map *map = list ? list->l_next : NULL; map && answer == 0;
	     map = map->l_next) {
		if (!describe(map, &object))
			continue;
		object.dlpi_adds = program.dlpi_adds;
		answer = each(&object, sizeof(object), data);
	}
	return answer;
}

int cf_loader_each(int (*each)(struct dl_phdr_info *object, size_t size, void *data),
		   void *data)
{
	return may_be_locked_for_ever() ? each_unlocked(each, data)
					: dl_iterate_phdr(each, data);
}
