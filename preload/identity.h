/* SPDX-License-Identifier: MIT */
#ifndef CF_IDENTITY_H
#define CF_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * identity.h - what an fd number stands for, read without waiting for a server.
 *
 * Floor 0. statx with AT_STATX_DONT_SYNC answers from the kernel's memory also on
 * a mount whose server is gone, where fstat and fstatfs hang. Async-signal-safe;
 * errno is left alone.
 */

struct cf_identity {
	int error;	      /* 0, or why nothing else is known: EBADF, ENOSYS, ... */
	bool is_opaque;	      /* a file whose server may not be asked by this user:
				 mode and inode are not known (FUSE without allow_other,
				 opened before the program dropped its uid)         */
	unsigned mode;	      /* type bits of st_mode; 0 for anonymous inodes        */
	bool mount_is_unique; /* the mount id is never used again (Linux 6.8)       */
	bool is_on_disk; /* of a file system that lies on a block device and keeps its
				 files' flags there: no server is behind it. False for
				 others, and for what is not known (fuseblk has none)  */
	uint64_t mount;	 /* id of the mount; 0 when the kernel does not tell    */
	uint64_t inode;
	uint32_t major, minor;		     /* of the file system      */
	uint32_t device_major, device_minor; /* of a device node itself */
};

/* Look at `fd` now. */
struct cf_identity cf_identity_read(int fd);

/* The id by which /proc/self/mountinfo lists the mount of `fd`; 0 when unknown. */
uint64_t cf_identity_listed_mount(int fd);

/* Whether both stand for the same file on the same mount. When one is opaque, whether
   they may: then only different file systems tell them apart. */
bool cf_identity_is_same(const struct cf_identity *a, const struct cf_identity *b);

#endif
