/* SPDX-License-Identifier: MIT */
/*
 * got.c - rewrite the slots of one object. Floor 2.
 */
#include "got.h"

#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "binding.h"
#include "dynamic.h"
#include "objects.h"
#include "raw.h"

#if defined(__x86_64__)
enum { IS_FUNCTION = R_X86_64_JUMP_SLOT, IS_POINTER = R_X86_64_GLOB_DAT };
#else
enum { IS_FUNCTION = R_AARCH64_JUMP_SLOT, IS_POINTER = R_AARCH64_GLOB_DAT };
#endif

static struct cf_slot *slots;
static int count;
static struct cf_generation seen;

void cf_got_begin(struct cf_slot *new_slots, int new_count)
{
	slots = new_slots;
	count = new_count;
}

/* The number of a slot, or -1. */
static int number_of(const char *name)
{
	int i = count - 1;

	while (i >= 0 && strcmp(slots[i].name, name) != 0)
		i--;
	return i;
}

/* A slot of an object that binds late points back into the object until its first use. */
static bool is_bound(const struct dl_phdr_info *object, const void *value)
{
	return (uintptr_t)value < object->dlpi_addr ||
	       (uintptr_t)value >= cf_dynamic_end(object);
}

static void rewrite(const struct dl_phdr_info *object, int number, void *_Atomic *place)
{
	struct cf_slot *slot = &slots[number];
	void *value = atomic_load(place), *none = NULL;

	if (value == slot->door)
		return;
	if (!is_bound(object, value))
		value = (void *)cf_binding_first(place, slot->name);
	if (value &&
	    (atomic_compare_exchange_strong(&slot->held, &none, value) ||
	     none == value) &&
	    slot->door)
		atomic_store(place, slot->door);
}

static void rewrite_all(const struct dl_phdr_info *object, long table, long size)
{
	const ElfW(Rela) *entry = cf_dynamic_pointer(object, table);
	const ElfW(Sym) *symbols = cf_dynamic_pointer(object, DT_SYMTAB);
	const char *strings = cf_dynamic_pointer(object, DT_STRTAB);
	size_t left = cf_dynamic_number(object, size) / sizeof(*entry);

	for (; entry && symbols && strings && left > 0; entry++, left--) {
		unsigned long type = ELF64_R_TYPE(entry->r_info);
		const ElfW(Sym) *symbol = &symbols[ELF64_R_SYM(entry->r_info)];

		if (type != IS_FUNCTION && type != IS_POINTER)
			continue;
		int number = number_of(strings + symbol->st_name);
		if (number >= 0 && symbol->st_shndx == SHN_UNDEF)
			rewrite(object, number,
				(void *_Atomic *)(object->dlpi_addr + entry->r_offset));
	}
}

/* Let the pages that the loader has made read-only be written, or not again. */
static bool protect(const struct dl_phdr_info *object, int protection)
{
	uintptr_t page = getauxval(AT_PAGESZ);

	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = (object->dlpi_addr + part->p_vaddr) & ~(page - 1);
		uintptr_t end =
			(object->dlpi_addr + part->p_vaddr + part->p_memsz) & ~(page - 1);

		if (part->p_type == PT_GNU_RELRO && end > start &&
		    cf_raw_call3(SYS_mprotect, (long)start, (long)(end - start),
				 protection) < 0)
			return false;
	}
	return true;
}

static void attach(const struct dl_phdr_info *object)
{
	if (!protect(object, PROT_READ | PROT_WRITE))
		return;
	rewrite_all(object, DT_JMPREL, DT_PLTRELSZ);
	rewrite_all(object, DT_RELA, DT_RELASZ);
	protect(object, PROT_READ);
}

void cf_got_attach(void)
{
	cf_objects_visit(&seen, attach);
}
