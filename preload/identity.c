/* SPDX-License-Identifier: MIT */
/*
 * identity.c - statx on a number. Floor 0.
 */
#include "identity.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "raw.h"

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U /* Linux 6.8; older ones ignore the bit */
#endif

/* Flags of ext4, xfs, f2fs and their like, but of no FUSE: measured on Linux 6.18. */
#define DISK_FLAGS (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)

static long look(int fd, unsigned mask, struct statx *found)
{
	return cf_raw_call(SYS_statx, fd, (long)"", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
			   mask, (long)found, 0);
}

struct cf_identity cf_identity_read(int fd)
{
	struct statx found = { 0 };
	long result = look(
		fd, STATX_TYPE | STATX_INO | STATX_MNT_ID | STATX_MNT_ID_UNIQUE, &found);
	bool is_opaque = result == -EACCES;

	if (is_opaque) /* asked for nothing, FUSE refuses nobody */
		result = look(fd, 0, &found);
	if (result < 0)
		return (struct cf_identity){ .error = (int)-result };
	bool is_unique = found.stx_mask & STATX_MNT_ID_UNIQUE;
	bool is_known = found.stx_mask & (STATX_MNT_ID | STATX_MNT_ID_UNIQUE);
	return (struct cf_identity){
		.is_opaque = is_opaque,
		.mode = found.stx_mode & 0170000,
		.is_on_disk = found.stx_dev_major != 0 &&
			      (found.stx_attributes_mask & DISK_FLAGS) == DISK_FLAGS,
		.mount_is_unique = is_unique,
		.mount = is_known ? found.stx_mnt_id : 0,
		.inode = found.stx_ino,
		.major = found.stx_dev_major,
		.minor = found.stx_dev_minor,
		.device_major = found.stx_rdev_major,
		.device_minor = found.stx_rdev_minor,
	};
}

uint64_t cf_identity_listed_mount(int fd)
{
	struct statx found = { 0 };

	if (look(fd, 0, &found) < 0 || !(found.stx_mask & STATX_MNT_ID))
		return 0;
	return found.stx_mnt_id;
}

bool cf_identity_is_same(const struct cf_identity *a, const struct cf_identity *b)
{
	if (a->error || b->error || a->major != b->major || a->minor != b->minor)
		return false;
	if (a->is_opaque || b->is_opaque)
		return true;
	return a->mode == b->mode && a->mount == b->mount && a->inode == b->inode;
}
