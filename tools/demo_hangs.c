/* SPDX-License-Identifier: MIT */
/*
 * demo_hangs.c - the rows of the demo, one entry each.
 */
#include "demo_hangs.h"

#include <stdio.h>

#include "clock.h"
#include "demo_dns.h"
#include "demo_ftp.h"
#include "demo_mount.h"
#include "demo_peer.h"
#include "demo_victim.h"
#include "demo_watch.h"

#define LABEL_BYTES 32 /* of which 24 are used */

static char handles_label[LABEL_BYTES];

static const struct demo_hang hangs[] = {
	{ .label = { "read-only file on a", "wedged FUSE mount" },
	  .victim = "read",
	  .set = demo_mount_set_flush,
	  .free = demo_mount_free,
	  .bound_ns = 300 * CF_MS },
	{ .label = { "file written there", "(deadline set to 1 s)" },
	  .victim = "write",
	  .set = demo_mount_set_flush,
	  .free = demo_mount_free,
	  .bound_ns = 1000 * CF_MS,
	  .setting = "CURFEW_DEADLINE_WRITE=1s" },
	{ .label = { handles_label, "there, closed in turn" },
	  .victim = "handles",
	  .set = demo_mount_set_flush,
	  .free = demo_mount_free,
	  .bound_ns = (1000 + 2 * 300) * CF_MS },
	{ .label = { "munmap of dirty pages of", "a file there" },
	  .victim = "mapping",
	  .set = demo_mount_set_write,
	  .free = demo_mount_free,
	  .bound_ns = 300 * CF_MS },
	{ .label = { "munmap of memory whose", "userfaultfd nobody reads" },
	  .victim = "watched",
	  .set = demo_watch_set,
	  .bound_ns = 300 * CF_MS },
	{ .label = { "SO_LINGER {1,60} to a", "peer that does not read" },
	  .victim = "linger",
	  .set = demo_peer_set,
	  .free = demo_peer_free,
	  .bound_ns = 300 * CF_MS },
	{ .label = { "libcurl: DNS server that", "never answers" },
	  .uses_libcurl = true,
	  .victim = "lookup",
	  .set = demo_dns_set,
	  .free = demo_dns_free,
	  .bound_ns = 500 * CF_MS },
	{ .label = { "libcurl: FTP server that", "never answers QUIT" },
	  .uses_libcurl = true,
	  .victim = "ftp",
	  .set = demo_ftp_set,
	  .free = demo_ftp_free,
	  .bound_ns = 200 * CF_MS },
	{ .label = { "file written there, left", "open (set to 1 s)" },
	  .victim = "left",
	  .set = demo_mount_set_flush,
	  .free = demo_mount_free,
	  .bound_ns = 1000 * CF_MS,
	  .setting = "CURFEW_DEADLINE_WRITE=1s" },
	{ .label = { "exit handler that never", "returns (set to 1 s)" },
	  .victim = "handler",
	  .bound_ns = 1000 * CF_MS,
	  .setting = "CURFEW_DEADLINE_EXIT=1s" },
	{ .label = { "stdout a full pipe that", "nobody reads (to 1 s)" },
	  .victim = "pipe",
	  .bound_ns = 1000 * CF_MS,
	  .setting = "CURFEW_DEADLINE_EXIT=1s" },
};

static void name_handles(void)
{
	int count = demo_victim_handles();

	if (count < 1000)
		snprintf(handles_label, LABEL_BYTES, "%d handles of a file", count);
	else
		snprintf(handles_label, LABEL_BYTES, "%d,%03d handles of a file",
			 count / 1000, count % 1000);
}

const struct demo_hang *demo_hangs_list(size_t *count)
{
	name_handles();
	*count = sizeof(hangs) / sizeof(hangs[0]);
	return hangs;
}
