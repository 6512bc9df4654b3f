/* SPDX-License-Identifier: MIT */
#ifndef DEMO_MOUNT_H
#define DEMO_MOUNT_H

#include <stddef.h>

/*
 * demo_mount.h - a FUSE mount that does not answer to FLUSH, or not to WRITE.
 *
 * It lives in a mount namespace of the demo's own, so that nobody else sees it and
 * nothing of it is left when the demo ends, in whatever way. One at a time; one
 * thread only. The first call moves the whole process into that namespace, and for
 * anyone but root into a user namespace too.
 */

/*
 * Mount it, with one empty file, and have it hang from now on: in every close of it, or
 * when a page of it is written back. Writes the path of the file, for the victim, to
 * `argument`. Returns NULL, or why it cannot be done here; that text is valid until the
 * next call.
 */
const char *demo_mount_set_flush(char *argument, size_t bytes);
const char *demo_mount_set_write(char *argument, size_t bytes);

/* End the server and the mount: every process that hangs on it is let go. */
void demo_mount_free(void);

#endif
