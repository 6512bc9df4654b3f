/* SPDX-License-Identifier: MIT */
/*
 * dynamic.c - the dynamic section, and the hash table that it points to. Floor 0.
 */
#include "dynamic.h"

#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

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

static uint32_t old_hash_of(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
	}
	return hash;
}

/* The same as below by DT_HASH, which old linkers make alone: the numbers of buckets and of
   symbols, the buckets, and for each symbol the next of its bucket. */
static uint32_t defined_of_old(const struct dl_phdr_info *object, const char *name,
			       uint32_t *more)
{
	const uint32_t *table = cf_dynamic_pointer(object, DT_HASH);
	const ElfW(Sym) *symbols = cf_dynamic_pointer(object, DT_SYMTAB);
	const char *strings = cf_dynamic_pointer(object, DT_STRTAB);

	if (!table || !symbols || !strings || table[0] == 0)
		return 0;
	const uint32_t *buckets = table + 2, *next = buckets + table[0];
	uint32_t at = *more ? *more : buckets[old_hash_of(name) % table[0]];

	while (at != 0 && (symbols[at].st_shndx == SHN_UNDEF ||
			   strcmp(strings + symbols[at].st_name, name) != 0))
		at = next[at];
	*more = at ? next[at] : 0;
	return at;
}

/* The number of a symbol that the object defines, 0 for none, by DT_GNU_HASH: a header of
   four words, the filter, the buckets, and chains of hashes whose last has its lowest bit
   set. Where a name has several versions this is the first; *more says where to go on. */
static uint32_t defined(const struct dl_phdr_info *object, const char *name,
			uint32_t *more)
{
	const uint32_t *table = cf_dynamic_pointer(object, DT_GNU_HASH);
	const ElfW(Sym) *symbols = cf_dynamic_pointer(object, DT_SYMTAB);
	const char *strings = cf_dynamic_pointer(object, DT_STRTAB);

	if (!table)
		return defined_of_old(object, name, more);
	if (!symbols || !strings || table[0] == 0)
		return 0;
	const uint32_t *buckets =
		table + 4 + table[2] * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
	const uint32_t *chain = buckets + table[0];
	uint32_t hash = hash_of(name), at = *more ? *more : buckets[hash % table[0]];

	for (; at >= table[1]; at++) {
		uint32_t link = chain[at - table[1]];

		*more = link & 1 ? 0 : at + 1;
		if ((link | 1) == (hash | 1) &&
		    strcmp(strings + symbols[at].st_name, name) == 0 &&
		    symbols[at].st_shndx != SHN_UNDEF)
			return at;
		if (link & 1)
			break;
	}
	*more = 0;
	return 0;
}

bool cf_dynamic_defines(const struct dl_phdr_info *object, const char *name)
{
	uint32_t more = 0;

	return defined(object, name, &more) != 0;
}

/* The version that the object itself gives to this index; NULL for none. */
static const char *given_version(const struct dl_phdr_info *object, unsigned index)
{
	const ElfW(Verdef) *entry = cf_dynamic_pointer(object, DT_VERDEF);
	unsigned long left = cf_dynamic_number(object, DT_VERDEFNUM);
	const char *strings = cf_dynamic_pointer(object, DT_STRTAB);

	for (; entry && left > 0; left--) {
		const ElfW(Verdaux) *name =
			(const ElfW(Verdaux) *)((const char *)entry + entry->vd_aux);

		if ((entry->vd_ndx & 0x7fff) == index)
			return entry->vd_flags & VER_FLG_BASE ? NULL
							      : strings + name->vda_name;
		entry = (const ElfW(Verdef) *)((const char *)entry + entry->vd_next);
	}
	return NULL;
}

/* The version of another object that this index asks for; NULL for none. */
static const char *asked_version(const struct dl_phdr_info *object, unsigned index)
{
	const ElfW(Verneed) *entry = cf_dynamic_pointer(object, DT_VERNEED);
	unsigned long left = cf_dynamic_number(object, DT_VERNEEDNUM);
	const char *strings = cf_dynamic_pointer(object, DT_STRTAB);

	for (; entry && left > 0; left--) {
		const ElfW(Vernaux) *name =
			(const ElfW(Vernaux) *)((const char *)entry + entry->vn_aux);

		for (int i = 0; i < entry->vn_cnt; i++) {
			if ((name->vna_other & 0x7fff) == index)
				return strings + name->vna_name;
			name = (const ElfW(Vernaux) *)((const char *)name +
						       name->vna_next);
		}
		entry = (const ElfW(Verneed) *)((const char *)entry + entry->vn_next);
	}
	return NULL;
}

const void *cf_dynamic_find(const struct dl_phdr_info *object, const char *name,
			    const char *version)
{
	const ElfW(Sym) *symbols = cf_dynamic_pointer(object, DT_SYMTAB);
	const ElfW(Half) *versions = cf_dynamic_pointer(object, DT_VERSYM);
	uint32_t more = 0, at;

	while ((at = defined(object, name, &more)) != 0) {
		const void *address =
			(const void *)(object->dlpi_addr + symbols[at].st_value);
		unsigned index = versions ? versions[at] & 0x7fff : 1;
		bool is_hidden = versions && versions[at] & 0x8000;
		const char *own = index > 1 ? given_version(object, index) : NULL;

		if (version ? !own || strcmp(own, version) == 0 : !is_hidden)
			return address;
		if (!more)
			break;
	}
	return NULL;
}

const char *cf_dynamic_wanted(const struct dl_phdr_info *object, const char *name)
{
	const uint32_t *table = cf_dynamic_pointer(object, DT_GNU_HASH);
	const ElfW(Sym) *symbols = cf_dynamic_pointer(object, DT_SYMTAB);
	const ElfW(Half) *versions = cf_dynamic_pointer(object, DT_VERSYM);
	const char *strings = cf_dynamic_pointer(object, DT_STRTAB);
	uint32_t more = 0, at = defined(object, name, &more);

	if (!table || !symbols || !versions || !strings)
		return NULL;
	if (at)
		return given_version(object, versions[at] & 0x7fff);
	/* What it does not define comes before what is in the hash table. */
	for (at = 1; at < table[1]; at++) {
		if (symbols[at].st_shndx == SHN_UNDEF &&
		    strcmp(strings + symbols[at].st_name, name) == 0)
			return asked_version(object, versions[at] & 0x7fff);
	}
	return NULL;
}

static const char *string_of(const struct dl_phdr_info *object, long tag, int index)
{
	const ElfW(Dyn) *entry = entry_of(object, tag);
	const char *strings = cf_dynamic_pointer(object, DT_STRTAB);

	for (; entry && strings && entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == tag && index-- == 0)
			return strings + entry->d_un.d_val;
	}
	return NULL;
}

const char *cf_dynamic_needed(const struct dl_phdr_info *object, int index)
{
	return string_of(object, DT_NEEDED, index);
}

const char *cf_dynamic_file(const struct dl_phdr_info *object)
{
	const char *path = object->dlpi_name;

	if (path[0] == '\0' && getauxval(AT_EXECFN))
		path = (const char *)getauxval(AT_EXECFN);
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

const char *cf_dynamic_soname(const struct dl_phdr_info *object)
{
	const char *soname = string_of(object, DT_SONAME, 0);

	return soname ? soname : cf_dynamic_file(object);
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
