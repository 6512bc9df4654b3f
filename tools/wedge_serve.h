/* SPDX-License-Identifier: MIT */
#ifndef WEDGE_SERVE_H
#define WEDGE_SERVE_H

#include <fuse_lowlevel.h>

/*
 * wedge_serve.h - what wedgefs answers to each request of the kernel.
 *
 * One thread only. The user data of the session is a struct wedge_service, which
 * must live as long as the session.
 */

struct wedge_service {
	struct wedge_control *control; /* `ready` is set when the kernel says hello */
	int writeback;		       /* keep written pages in the page cache      */
};

extern const struct fuse_lowlevel_ops wedge_serve_operations;

#endif
