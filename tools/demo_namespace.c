/* SPDX-License-Identifier: MIT */
/*
 * demo_namespace.c - mounts and a network of the demo's own.
 */
#include "demo_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "install_paths.h"
#include "private_mounts.h"

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd != -1 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd != -1)
		close(fd);
	return written;
}

/* Become root of a user namespace, which may mount what root may not forbid. */
static bool enter_user_namespace(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "0 %u 1", geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1)
		return false;
	return write_text("/proc/self/uid_map", users) &&
	       write_text("/proc/self/setgroups", "deny") &&
	       write_text("/proc/self/gid_map", groups);
}

const char *demo_namespace_mounts(void)
{
	static char reason[128];
	static bool entered, is_private;
	int error = 0;

	if (is_private)
		return NULL;
	if (!entered && unshare(CLONE_NEWNS) == -1)
		error = errno; /* that of the second way would only confuse */
	entered = entered || !error || enter_user_namespace();
	is_private = entered && private_mounts_make() == 0;
	if (is_private)
		return NULL;
	snprintf(reason, sizeof(reason), "no right to make a private mount: %s",
		 strerror(entered ? errno : error));
	return reason;
}

static bool raise_loopback(void)
{
	struct ifreq loopback = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return false;
	bool raised = ioctl(fd, SIOCGIFFLAGS, &loopback) == 0;
	loopback.ifr_flags |= IFF_UP;
	raised = raised && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
	close(fd);
	return raised;
}

/* A container may have the right to make a network, and none to raise its loopback. */
bool demo_namespace_network(void)
{
	static bool is_private;

	if (is_private)
		return true;
	int before = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (before == -1)
		return false;
	if (unshare(CLONE_NEWNET) == 0) {
		is_private = raise_loopback();
		if (!is_private)
			setns(before, CLONE_NEWNET);
	}
	close(before);
	return is_private;
}

const char *demo_namespace_place(void)
{
	static const char *const places[] = { "/mnt", "/media", "/srv" };
	char own[4096];

	if (!install_path(own, sizeof(own), ""))
		return NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t length = strlen(places[i]);
		bool ours = strncmp(own, places[i], length) == 0 && own[length] == '/';

		if (!ours && access(places[i], F_OK) == 0)
			return places[i];
	}
	return NULL;
}
