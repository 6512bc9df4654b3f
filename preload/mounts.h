/* SPDX-License-Identifier: MIT */
#ifndef CF_MOUNTS_H
#define CF_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"
#include "mountinfo.h"

/*
 * mounts.h - what is known of each mount: its type, and whether it is sick.
 *
 * Floor 1. A mount is sick once a close on it has expired, and until any close on
 * it returns. Records are never freed, so a pointer stays good. Thread-safe;
 * async-signal-safe; errno is left alone. A forked child keeps all of it.
 */

struct cf_mount {
	char type[CF_MOUNT_TYPE_BYTES];
	char point[CF_MOUNT_POINT_BYTES];
	uint64_t word;		   /* its mark, see marks.h                          */
	bool is_local;		   /* a close there cannot hang                      */
	_Atomic int hands;	   /* closes under way                               */
	_Atomic unsigned returns;  /* closes that have come back                     */
	_Atomic int64_t sick_ns;   /* the longest deadline that expired; 0: healthy */
	_Atomic int64_t shared_ns; /* what later closes may still wait, all together */
};

/* Whether a file system of this type answers for itself, without a server or a network. */
bool cf_mounts_is_local_type(const char *type);

/* Whether the file lies on a mount known to be local. Lock-free: the way of nearly every close. */
bool cf_mounts_is_known_local(const struct cf_identity *file);

/* What is known of the mount of a file; NULL when nothing is, or no longer for certain. */
struct cf_mount *cf_mounts_find(const struct cf_identity *file);

/* Record the mount of a file; for a short time if the line is not certain. NULL when
   there is no memory. */
struct cf_mount *cf_mounts_add(const struct cf_identity *file,
			       const struct cf_mount_line *line, bool is_certain);

/* Whether any mount is known that is not local: one load. */
bool cf_mounts_any_remote(void);

/* Whether the munmap of a file there writes its pages back, and waits for that. NULL, of
   which nothing is known: true. */
bool cf_mounts_writes_back(const struct cf_mount *mount);

/* Whether the mount has let a close with this deadline expire, and none come back since;
   with a deadline of 0 all that take any time have. */
bool cf_mounts_is_sick_for(const struct cf_mount *mount, int64_t deadline_ns);

/*
 * How long a close with this deadline may wait: all of it on a mount that has let
 * no such deadline expire; else at most a tenth of it, out of one more deadline that
 * all closes share, then 0. An expiry cuts short only closes with the same deadline or
 * a shorter one: a written file keeps its 5 s where a read-only one lost its 300 ms.
 */
int64_t cf_mounts_patience(const struct cf_mount *mount, int64_t deadline_ns);

/*
 * A close with this deadline has expired there, having been granted `patience_ns`;
 * what it waited is charged to the share when it was granted less than its deadline.
 * `returns` is mount->returns as it was at its start: where another close has come back
 * since, the server lives, this one file is slow, and the mount is not sick.
 */
void cf_mounts_note_expired(struct cf_mount *mount, int64_t deadline_ns,
			    int64_t patience_ns, unsigned returns);

/* Mark every file system that is listed and local (see marks.h), for those who cannot
   look: the undertaker, which must tell a lock on a tmpfs from a file of a server. */
void cf_mounts_mark_local_devices(void);

/* Drop the hands of the parent; the rest is kept, or all forgotten if a thread of
   the parent was changing it at the fork. */
void cf_mounts_after_fork(void);

#endif
