/* SPDX-License-Identifier: MIT */
#ifndef CF_MOUNTINFO_H
#define CF_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * mountinfo.h - what /proc/self/mountinfo says of one mount (proc(5)).
 *
 * Floor 0. Reading the table touches no file system that it names. Takes about
 * 100 us, more with thousands of mounts. Async-signal-safe; errno is left alone.
 */

#define CF_MOUNT_TYPE_BYTES  32
#define CF_MOUNT_POINT_BYTES 256

struct cf_mount_line {
	uint64_t id;
	uint32_t major, minor;		  /* of the file system                    */
	char type[CF_MOUNT_TYPE_BYTES];	  /* "fuse.s3fs"                           */
	char point[CF_MOUNT_POINT_BYTES]; /* unescaped; cut off when it is longer  */
};

enum cf_mount_answer {
	CF_MOUNT_FOUND,
	CF_MOUNT_NOT_LISTED, /* read to its end: detached, foreign or internal to the kernel */
	CF_MOUNT_UNREADABLE /* no /proc, no memory, no time: nothing is known          */
};

/*
 * Split one line of mountinfo; `line` is changed. Stores the super block options
 * in *options, pointing into the line. False when it is no such line.
 */
bool cf_mountinfo_parse(char *line, struct cf_mount_line *mount, char **options);

struct cf_mount_wanted {
	uint64_t id;
	uint32_t major, minor;
	bool (*is_local)(const char *type);
};

/*
 * Find the mount whose id is `id`, or else any of the file system major:minor: a file
 * that came from another mount namespace lies on a mount which this one does not list.
 * An overlay is given the type of the first of its layers that lies on a file system
 * other than one that `is_local` accepts.
 */
enum cf_mount_answer cf_mountinfo_find(const struct cf_mount_wanted *wanted,
				       struct cf_mount_line *mount);

/* Call each(mount) for every mount that is listed. */
void cf_mountinfo_each(void (*each)(const struct cf_mount_line *mount));

#endif
