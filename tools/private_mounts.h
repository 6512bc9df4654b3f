/* SPDX-License-Identifier: MIT */
#ifndef PRIVATE_MOUNTS_H
#define PRIVATE_MOUNTS_H

/*
 * private_mounts.h - mounts that nobody else sees, and that end with us.
 */

/*
 * Make every mount of the mount namespace that this process has just unshared
 * private, also in a chroot whose "/" is no mount point. 0, or -1 and errno.
 * One thread; needs CAP_SYS_ADMIN, and in such a chroot CAP_SYS_CHROOT.
 */
int private_mounts_make(void);

#endif
