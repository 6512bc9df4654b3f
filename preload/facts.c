/* SPDX-License-Identifier: MIT */
/*
 * facts.c - from a number to a kind. Floor 2.
 */
#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "clock.h"
#include "layout.h"
#include "mounts.h"
#include "raw.h"
#include "text.h"

#ifndef O_PATH
#define O_PATH 010000000
#endif

static bool begins_with(const char *string, const char *start)
{
	while (*start && *string == *start) {
		string++;
		start++;
	}
	return *start == '\0';
}

void cf_facts_name(int fd, char *name, size_t room)
{
	char link[40];
	struct cf_text text;

	/* thread-self: the calling thread may have a table of its own */
	cf_text_begin(&text, link, sizeof(link));
	cf_text_add(&text, "/proc/thread-self/fd/");
	cf_text_add_number(&text, fd);
	long length = cf_raw_call(SYS_readlinkat, AT_FDCWD, (long)link, (long)name,
				  (long)room - 1, 0, 0);
	name[length > 0 ? length : 0] = '\0';
}

/* A mount that mountinfo does not list is internal to the kernel when its files have
   names that no path begins with, or that the kernel gives to memory alone. Else it
   was detached, or belongs to another namespace: unknown, and so not trusted. */
static bool is_internal(int fd)
{
	static const char *const memory[] = { "/memfd:",    "/dev/zero (deleted)",
					      "/SYSV",	    "/anon_hugepage",
					      "/secretmem", "/dmabuf:",
					      "/[aio]" };
	char name[64];

	cf_facts_name(fd, name, sizeof(name));
	if (name[0] == '\0')
		return false;
	for (size_t i = 0; i < sizeof(memory) / sizeof(*memory); i++) {
		if (begins_with(name, memory[i]))
			return true;
	}
	return name[0] != '/';
}

CF_COLD static struct cf_mount *learn_mount(int fd, const struct cf_identity *file)
{
	struct cf_mount_line line = { .type = "unknown" };
	bool is_certain = true;
	struct cf_mount_wanted wanted = { cf_identity_listed_mount(fd), file->major,
					  file->minor, cf_mounts_is_local_type };

	switch (cf_mountinfo_find(&wanted, &line)) {
	case CF_MOUNT_FOUND:
		break;
	case CF_MOUNT_NOT_LISTED:
		line = (struct cf_mount_line){ .type = "unknown" };
		if (is_internal(fd))
			line = (struct cf_mount_line){ .type = "internal" };
		break;
	case CF_MOUNT_UNREADABLE:
		is_certain = false; /* may be readable the next time */
		break;
	}
	return cf_mounts_add(file, &line, is_certain);
}

static void look_at_file(int fd, struct cf_facts *facts)
{
	if (facts->identity.mount == 0) /* Linux before 5.8: nothing can be known */
		return;
	facts->kind = CF_KIND_LOCAL;
	if (facts->identity.is_on_disk || cf_mounts_is_known_local(&facts->identity))
		return;
	facts->mount = cf_mounts_find(&facts->identity);
	if (!facts->mount)
		facts->mount = learn_mount(fd, &facts->identity);
	if (!facts->mount || !facts->mount->is_local)
		facts->kind = CF_KIND_REMOTE;
}

static void look_at_socket(int fd, struct cf_facts *facts)
{
	struct linger linger = { 0, 0 };
	socklen_t size = sizeof(linger);

	if (cf_raw_call(SYS_getsockopt, fd, SOL_SOCKET, SO_LINGER, (long)&linger,
			(long)&size, 0) < 0)
		return;
	if (!linger.l_onoff || linger.l_linger == 0)
		return;
	facts->kind = CF_KIND_SOCKET;
	facts->linger_ns =
		CF_NEVER; /* what the kernel took for infinite, it tells as < 0 */
	if (linger.l_linger > 0)
		facts->linger_ns = (int64_t)linger.l_linger * 1000 * CF_MS;
}

/* Majors of the kernel's Documentation/admin-guide/devices.txt. */
static enum cf_kind kind_of_device(unsigned major, unsigned minor)
{
	enum {
		MEMORY = 1,
		TTY = 4,
		TTY_ALIAS = 5,
		TAPE = 9,
		USB_SERIAL = 188,
		USB_MODEM = 166
	};
	enum { PTMX = 2, FIRST_PTS = 136, LAST_PTS = 143, SERIAL = 64 };

	if (major == MEMORY || (major >= FIRST_PTS && major <= LAST_PTS) ||
	    (major == TTY_ALIAS && minor == PTMX))
		return CF_KIND_QUIET;
	if (major == TTY && minor < SERIAL) /* virtual consoles have nothing to drain */
		return CF_KIND_QUIET;
	if (major == TTY || major == TTY_ALIAS || major == TAPE || major == USB_SERIAL ||
	    major == USB_MODEM)
		return CF_KIND_TERMINAL;
	return CF_KIND_DEVICE;
}

static void look_at_mode(int fd, struct cf_facts *facts)
{
	long flags = cf_raw_call3(SYS_fcntl, fd, F_GETFL, 0);

	if (flags < 0 || (flags & O_PATH))
		facts->kind = CF_KIND_QUIET; /* an O_PATH close reaches no file system */
	else
		facts->is_written = (flags & O_ACCMODE) != O_RDONLY;
}

struct cf_facts cf_facts_look(int fd)
{
	struct cf_facts facts = { .identity = cf_identity_read(fd),
				  .kind = CF_KIND_QUIET };
	const struct cf_identity *identity = &facts.identity;

	if (identity->error)
		return facts;
	switch (identity->is_opaque ? S_IFREG : identity->mode) {
	case S_IFREG:
	case S_IFDIR:
		look_at_file(fd, &facts);
		break;
	case S_IFSOCK:
		look_at_socket(fd, &facts);
		break;
	case S_IFBLK:
		facts.kind = CF_KIND_TERMINAL;
		break;
	case S_IFCHR:
		facts.kind =
			kind_of_device(identity->device_major, identity->device_minor);
		break;
	default: /* pipes; eventfd, epoll and the other anonymous inodes */
		break;
	}
	if (facts.kind != CF_KIND_QUIET && facts.kind != CF_KIND_LOCAL)
		look_at_mode(fd, &facts);
	return facts;
}

bool cf_facts_may_write(int fd)
{
	return cf_facts_look(fd).kind != CF_KIND_REMOTE;
}

/* Without /proc the type of a mount is not known; but what has a block device is no FUSE,
   except for fuseblk, which few have. */
static bool is_on_unknown_disk(const struct cf_facts *facts)
{
	return facts->identity.major != 0 &&
	       (!facts->mount || strcmp(facts->mount->type, "unknown") == 0);
}

bool cf_facts_mapping(int fd, struct cf_range *range)
{
	struct cf_facts facts = cf_facts_look(fd);
	bool is_file = facts.kind == CF_KIND_REMOTE &&
		       cf_mounts_writes_back(facts.mount) && !is_on_unknown_disk(&facts);

	if (!is_file && facts.kind != CF_KIND_DEVICE)
		return false;
	range->kind = is_file ? CF_RANGE_FILE : CF_RANGE_DEVICE;
	range->fd = fd;
	range->file = facts.identity;
	range->mount = facts.mount;
	range->born = cf_clock_now();
	cf_facts_name(fd, range->name, sizeof(range->name));
	return true;
}
