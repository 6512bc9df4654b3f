/* SPDX-License-Identifier: MIT */
#ifndef FUSE_H
#define FUSE_H

#include "wedgefs.h"

/*
 * fuse.h - a FUSE mount of wedgefs, in the private mounts of a test.
 *
 * It is healthy; a test that has it hang does so where only tasks of ours can be
 * stuck, never the test itself. The server ends with the test, and lets them go.
 */

/* Mount it on the directory `point`, which exists, and return its orders. Skips the test
   when the machine cannot. */
struct wedge_control *fuse_mount(const char *point);

#endif
