/* SPDX-License-Identifier: MIT */
/*
 * mounts.c - mounts on uthash, and in front of it a few words without a lock. Floor 1.
 *
 * Where the kernel has unique mount ids (Linux 6.8) a record is good for ever.
 * Elsewhere the number of a mount and of its device are used again after umount,
 * so a record that rests on an anonymous device is good for a quarter of a second.
 */
#include "mounts.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "layout.h"
#include "lock.h"
#include "marks.h"
#include "pool.h"
#include "table.h"

#define GOOD_FOR (250 * CF_MS)
#define SHARE	 10 /* of a deadline: the most one close gets while the mount is sick */

struct key {
	uint64_t mount;
	uint64_t device; /* 0 with a unique mount id */
};

struct entry {
	struct key key;
	cf_instant good_until;
	struct cf_mount mount;
	UT_hash_handle hh;
};

static struct cf_lock lock;
static CF_TABLE struct cf_pool pool;
static struct entry *table;
static _Atomic bool is_any_remote;

bool cf_mounts_is_local_type(const char *type)
{
	static const char local[][16] = {
		/* no pointers: the loader would touch a page more */
		"ext4",	       "xfs",	     "btrfs",	 "tmpfs",     "overlay",
		"ext3",	       "ext2",	     "proc",	 "sysfs",     "devtmpfs",
		"devpts",      "ramfs",	     "rootfs",	 "cgroup",    "cgroup2",
		"mqueue",      "hugetlbfs",  "debugfs",	 "tracefs",   "securityfs",
		"pstore",      "bpf",	     "configfs", "efivarfs",  "fusectl",
		"autofs",      "squashfs",   "erofs",	 "iso9660",   "udf",
		"vfat",	       "msdos",	     "exfat",	 "ntfs3",     "f2fs",
		"jfs",	       "reiserfs",   "nilfs2",	 "zfs",	      "bcachefs",
		"minix",       "hfs",	     "hfsplus",	 "romfs",     "cramfs",
		"ubifs",       "jffs2",	     "nsfs",	 "selinuxfs", "smackfs",
		"binfmt_misc", "rpc_pipefs", "resctrl",	 "internal",
	};

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++) {
		if (strcmp(type, local[i]) == 0)
			return true;
	}
	return false;
}

static struct key key_of(const struct cf_identity *file)
{
	if (file->mount_is_unique)
		return (struct key){ file->mount, 0 };
	return (struct key){ file->mount, (uint64_t)file->major << 32 | file->minor };
}

bool cf_mounts_is_known_local(const struct cf_identity *file)
{
	return file->mount_is_unique && cf_marks_has(CF_MARK_LOCAL, file);
}

static struct entry *find(const struct key *key)
{
	struct entry *entry;

	HASH_FIND(hh, table, key, sizeof(*key), entry);
	return entry;
}

struct cf_mount *cf_mounts_find(const struct cf_identity *file)
{
	struct key key = key_of(file);

	if (!cf_lock_take(&lock))
		return NULL;
	struct entry *entry = find(&key);
	bool is_good = entry && (entry->good_until == CF_NEVER ||
				 cf_clock_now() < entry->good_until);
	cf_lock_release(&lock);
	return is_good ? &entry->mount : NULL;
}

static void fill(struct entry *entry, const struct cf_identity *file,
		 const struct cf_mount_line *line, bool is_certain)
{
	struct cf_mount *mount = &entry->mount;
	uint64_t word = cf_marks_word(file);
	bool lasts = is_certain && (file->mount_is_unique || file->major != 0);

	memcpy(mount->type, line->type, sizeof(mount->type));
	memcpy(mount->point, line->point, sizeof(mount->point));
	mount->word = word;
	mount->is_local = cf_mounts_is_local_type(line->type);
	entry->good_until = lasts ? CF_NEVER : cf_clock_after(GOOD_FOR);
	if (mount->is_local)
		cf_marks_set(CF_MARK_LOCAL, word);
	else
		atomic_store_explicit(&is_any_remote, true, memory_order_relaxed);
}

bool cf_mounts_any_remote(void)
{
	return atomic_load_explicit(&is_any_remote, memory_order_relaxed);
}

static struct entry *make(const struct key *key)
{
	struct entry *entry = cf_pool_get(&pool, sizeof(*entry));

	if (!entry)
		return NULL;
	memset(entry, 0, sizeof(*entry));
	entry->key = *key;
	HASH_ADD(hh, table, key, sizeof(*key), entry);
	if (entry->hh.tbl)
		return entry;
	cf_pool_put(&pool, entry, sizeof(*entry)); /* out of memory inside uthash */
	return NULL;
}

struct cf_mount *cf_mounts_add(const struct cf_identity *file,
			       const struct cf_mount_line *line, bool is_certain)
{
	struct key key = key_of(file);

	if (!cf_lock_take(&lock))
		return NULL;
	struct entry *entry = find(&key);
	if (!entry)
		entry = make(&key);
	if (entry && entry->good_until != CF_NEVER) /* others read one that is certain */
		fill(entry, file, line, is_certain);
	cf_lock_release(&lock);
	return entry ? &entry->mount : NULL;
}

/* Those of the kernel's file systems whose vm_operations have a close(). */
bool cf_mounts_writes_back(const struct cf_mount *mount)
{
	return !mount || strncmp(mount->type, "fuse", 4) == 0 ||
	       strcmp(mount->type, "virtiofs") == 0 || strcmp(mount->type, "9p") == 0 ||
	       strcmp(mount->type, "coda") == 0 || strcmp(mount->type, "unknown") == 0;
}

bool cf_mounts_is_sick_for(const struct cf_mount *mount, int64_t deadline_ns)
{
	return atomic_load(&mount->sick_ns) >= deadline_ns;
}

int64_t cf_mounts_patience(const struct cf_mount *mount, int64_t deadline_ns)
{
	if (!mount || !cf_mounts_is_sick_for(mount, deadline_ns))
		return deadline_ns;
	int64_t most = deadline_ns / SHARE, shared = atomic_load(&mount->shared_ns);
	return shared <= 0 ? 0 : shared < most ? shared : most;
}

void cf_mounts_note_expired(struct cf_mount *mount, int64_t deadline_ns,
			    int64_t patience_ns, unsigned returns)
{
	int64_t before = atomic_load(&mount->sick_ns);

	cf_marks_set(CF_MARK_SICK, mount->word);
	if (patience_ns < deadline_ns)
		atomic_fetch_sub(&mount->shared_ns, patience_ns);
	if (atomic_load(&mount->returns) != returns)
		return;
	while (before < deadline_ns) {
		if (!atomic_compare_exchange_weak(&mount->sick_ns, &before, deadline_ns))
			continue;
		atomic_store(&mount->shared_ns, deadline_ns);
		return;
	}
}

static void mark_device(const struct cf_mount_line *line)
{
	if (cf_mounts_is_local_type(line->type))
		cf_marks_set(CF_MARK_LOCAL_DEVICE,
			     cf_marks_device_word(line->major, line->minor));
}

void cf_mounts_mark_local_devices(void)
{
	cf_mountinfo_each(mark_device);
}

void cf_mounts_after_fork(void)
{
	struct entry *entry, *next;

	if (atomic_load(&lock.word)) {
		lock = (struct cf_lock){ 0 };
		pool = (struct cf_pool){ 0 };
		table = NULL;
		return;
	}
	HASH_ITER(hh, table, entry, next)
	atomic_store(&entry->mount.hands, 0);
}
