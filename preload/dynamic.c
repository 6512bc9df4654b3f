/* SPDX-License-Identifier: MIT */
/*
 * dynamic.c - the dynamic section, and the hash table that it points to. Floor 0.
 */
#include "dynamic.h"

#include <stddef.h>
#include <string.h>

static const ElfW(Dyn) * entry_of(const struct dl_phdr_info *object, long tag)
{
	const ElfW(Dyn) *entry = NULL;

	for (int i = 0; i < object->dlpi_phnum; i++) {
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			entry = (const ElfW(Dyn) *)(object->dlpi_addr +
						    object->dlpi_phdr[i].p_vaddr);
	}
	for (; entry && entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == tag)
			return entry;
	}
	return NULL;
}

const void *cf_dynamic_pointer(const struct dl_phdr_info *object, long tag)
{
	const ElfW(Dyn) *entry = entry_of(object, tag);

	if (!entry)
		return NULL;
	/* The loader has relocated it, but not in what it could not write to. */
	ElfW(Addr) address = entry->d_un.d_ptr;
	return (const void *)(address < object->dlpi_addr ? address + object->dlpi_addr
							  : address);
}

unsigned long cf_dynamic_number(const struct dl_phdr_info *object, long tag)
{
	const ElfW(Dyn) *entry = entry_of(object, tag);

	return entry ? entry->d_un.d_val : 0;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* By DT_GNU_HASH: a header of four words, the filter, the buckets, and chains of hashes
   whose last has its lowest bit set. */
bool cf_dynamic_defines(const struct dl_phdr_info *object, const char *name)
{
	const uint32_t *table = cf_dynamic_pointer(object, DT_GNU_HASH);
	const ElfW(Sym) *symbols = cf_dynamic_pointer(object, DT_SYMTAB);
	const char *strings = cf_dynamic_pointer(object, DT_STRTAB);

	if (!table || !symbols || !strings || table[0] == 0)
		return false;
	const uint32_t *buckets =
		table + 4 + table[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
	const uint32_t *chain = buckets + table[0];
	uint32_t hash = hash_of(name), at = buckets[hash % table[0]];

	for (; at >= table[1]; at++) {
		uint32_t link = chain[at - table[1]];

		if ((link | 1) == (hash | 1) &&
		    strcmp(strings + symbols[at].st_name, name) == 0)
			return symbols[at].st_shndx != SHN_UNDEF;
		if (link & 1)
			break;
	}
	return false;
}

uintptr_t cf_dynamic_end(const struct dl_phdr_info *object)
{
	uintptr_t end = 0;

	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && part->p_vaddr + part->p_memsz > end)
			end = part->p_vaddr + part->p_memsz;
	}
	return object->dlpi_addr + end;
}
