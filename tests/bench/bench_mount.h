/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MOUNT_H
#define BENCH_MOUNT_H

/*
 * bench_mount.h - a healthy FUSE mount of wedgefs, in mounts of this process's own.
 */

/* Mount it on `point`, which exists. Returns NULL, or why this cannot be done. Server and
   mount end with this process. */
const char *bench_mount(const char *wedgefs, const char *point);

/* Take it away before that. */
void bench_unmount(const char *point);

#endif
