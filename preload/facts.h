/* SPDX-License-Identifier: MIT */
#ifndef CF_FACTS_H
#define CF_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "mounts.h"

/*
 * facts.h - what an fd is, as far as its close can matter, without waiting for
 * anybody's server.
 *
 * Floor 2. Looks only at the kernel's memory: statx without sync, F_GETFL,
 * SO_LINGER, mountinfo, the link in /proc/self/fd. Async-signal-safe; errno is left
 * alone.
 */

enum cf_kind {
	CF_KIND_QUIET,	  /* cannot hang, is not open, or is nothing we can read */
	CF_KIND_LOCAL,	  /* a file on a local file system              */
	CF_KIND_REMOTE,	  /* a file whose close may wait for a server   */
	CF_KIND_SOCKET,	  /* a socket that lingers                      */
	CF_KIND_TERMINAL, /* tty, tape or block device: drains          */
	CF_KIND_DEVICE,	  /* another device                             */
};

struct cf_facts {
	struct cf_identity identity;
	enum cf_kind kind;
	bool is_written;	/* opened for writing                     */
	int64_t linger_ns;	/* of a socket that lingers               */
	struct cf_mount *mount; /* of a file; NULL when nothing is known  */
};

/* Look at `fd`: one system call for nearly every fd, a few more for what can hang. */
struct cf_facts cf_facts_look(int fd);

/* The path of `fd` as the kernel has it, cut to `room`; "" when it is not to be had. */
void cf_facts_name(int fd, char *name, size_t room);

#endif
