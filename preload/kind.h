/* SPDX-License-Identifier: MIT */
#ifndef CF_KIND_H
#define CF_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"

/*
 * kind.h - what can be known of an fd before its close: the words that facts.h finds
 * and classify.h weighs. Floor 0: data alone.
 */

struct cf_mount;

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

#endif
