/* SPDX-License-Identifier: MIT */
/*
 * demo_dns.c - a DNS server that never answers, and that every lookup asks.
 *
 * A bound socket is enough: the kernel takes the questions, and nobody reads them. The
 * files that say whom to ask are on a tmpfs and bound over those of the machine, so
 * nothing is written to any disk.
 */
#include "demo_dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo_namespace.h"

#define ADDRESS	   "127.66.0.53"
#define PORT	   53
#define PATH_BYTES 64
#define HINT	   "(it takes root or user namespaces; a container needs --cap-add SYS_ADMIN)"

/* Without the second one a lookup may go to a service of the machine. */
static struct {
	const char *name, *path, *text;
	bool is_covered;
} files[] = {
	{ .name = "resolv.conf",
	  .path = "/etc/resolv.conf",
	  .text = "nameserver " ADDRESS "\n" },
	{ .name = "nsswitch.conf", .path = "/etc/nsswitch.conf", .text = "hosts: dns\n" },
};

#define FILES (sizeof(files) / sizeof(files[0]))

static int server = -1;

static const char *because(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *because(const char *format, ...)
{
	static char reason[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	return reason;
}

static const char *begin_server(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	inet_pton(AF_INET, ADDRESS, &address.sin_addr);
	server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (server == -1 ||
	    bind(server, (struct sockaddr *)&address, sizeof(address)) == -1)
		return because("cannot be the DNS server at %s: %s", ADDRESS,
			       strerror(errno));
	return NULL;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool written = fd != -1 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd != -1)
		close(fd);
	return written;
}

/* A system without the second file asks DNS anyway. */
static const char *cover_files(const char *place)
{
	char path[PATH_BYTES];

	for (size_t i = 0; i < FILES; i++) {
		if (i > 0 && access(files[i].path, F_OK) == -1)
			continue;
		snprintf(path, sizeof(path), "%s/%s", place, files[i].name);
		files[i].is_covered =
			write_file(path, files[i].text) &&
			mount(path, files[i].path, NULL, MS_BIND, NULL) == 0;
		if (!files[i].is_covered)
			return because("cannot mount over %s: %s", files[i].path,
				       strerror(errno));
	}
	return NULL;
}

static const char *redirect_lookups(void)
{
	const char *place = demo_namespace_place();

	if (!place)
		return because("no directory to mount on: /mnt, /media and /srv are "
			       "missing or hold curfew itself");
	if (mount("curfew", place, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755") ==
	    -1)
		return because("cannot mount a tmpfs on %s: %s", place, strerror(errno));
	const char *why = cover_files(place);
	umount2(place, MNT_DETACH);
	return why;
}

const char *demo_dns_set(char *argument, size_t bytes)
{
	const char *why = demo_namespace_mounts();

	if (why)
		return because("%s " HINT, why);
	demo_namespace_network(); /* else the loopback of the machine has to do */
	why = begin_server();
	if (!why)
		why = redirect_lookups();
	snprintf(argument, bytes, "http://nobody.example/");
	return why;
}

void demo_dns_free(void)
{
	for (size_t i = 0; i < FILES; i++) {
		if (files[i].is_covered)
			umount2(files[i].path, MNT_DETACH);
		files[i].is_covered = false;
	}
	if (server != -1)
		close(server);
	server = -1;
}
