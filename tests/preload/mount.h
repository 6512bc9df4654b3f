/* SPDX-License-Identifier: MIT */
#ifndef MOUNT_H
#define MOUNT_H

#include <sys/types.h>

#include "wedgefs.h"

/*
 * mount.h - FUSE mounts of wedgefs that hang on the driver's command.
 *
 * One thread. The server ends with the driver, and with it every wait in the mount.
 * What cannot be done fails the test; without /dev/fuse it is skipped.
 */

struct mount {
	char point[128];	      /* where it is mounted                */
	struct wedge_control *orders; /* see wedgefs.h; counters may be read */
	pid_t server;		      /* 0 when it has ended                */
};

/* Mount; `option` is one of wedgefs, or NULL. Freed by mount_end_all(). */
struct mount *mount_start(const char *option);

/* Mount as fuseblk on a block device. NULL when the machine cannot. */
struct mount *mount_start_on(const char *device);

/* "POINT/name", good until the driver ends. */
const char *mount_path(const struct mount *mount, const char *name);

/* Make a file with a few bytes in it, and return its path. Not while FLUSH hangs. */
const char *mount_put(const struct mount *mount, const char *name);

/* From now on these requests wait ... */
void mount_hang(struct mount *mount, enum wedge_operation operation);

/* ... until now: everything is answered, also what has waited. */
void mount_recover(struct mount *mount);

/* Wait until at least `count` such requests wait; fails the test after 5 s. */
void mount_await_waiting(struct mount *mount, enum wedge_operation operation,
			 unsigned count);

/* Wait until no request waits any more; fails the test after 5 s. */
void mount_await_calm(struct mount *mount);

/* Whether a file holds `size` bytes 'x' on the server, past the page cache. */
int mount_holds(const struct mount *mount, const char *name, size_t size);

/* End every server and unmount: whoever hangs comes free. */
void mount_end_all(void);

#endif
