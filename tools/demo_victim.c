/* SPDX-License-Identifier: MIT */
/*
 * demo_victim.c - ordinary programs whose close() hangs.
 *
 * Nothing in here knows of curfew: these are to be what users have.
 */
#include "demo_victim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int complain(const char *step)
{
	fprintf(stderr, "%s: %s\n", step, strerror(errno));
	return EXIT_FAILURE;
}

static int read_file(const char *path)
{
	char bytes[4096];
	int fd = open(path, O_RDONLY);

	if (fd == -1)
		return complain(path);
	if (read(fd, bytes, sizeof(bytes)) == -1)
		return complain(path);
	close(fd);
	return DEMO_VICTIM_STATUS;
}

static int write_file(const char *path)
{
	static const char results[] = "results that took all night\n";
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd == -1)
		return complain(path);
	if (write(fd, results, sizeof(results) - 1) == -1)
		return complain(path);
	close(fd);
	return DEMO_VICTIM_STATUS;
}

static int send_lingering(const char *port)
{
	static const char bytes[65536];
	struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	struct sockaddr_in peer = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)atoi(port)),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&peer, sizeof(peer)) == -1)
		return complain("connect over loopback");
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == -1)
		return complain("SO_LINGER");
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	close(fd);
	return DEMO_VICTIM_STATUS;
}

int demo_victim(int count, char **arguments)
{
	static const struct {
		const char *name;
		int (*run)(const char *argument);
	} programs[] = { { "read", read_file },
			 { "write", write_file },
			 { "linger", send_lingering } };

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (count == 2 && strcmp(arguments[0], programs[i].name) == 0)
			return programs[i].run(arguments[1]);
	fputs("curfew demo: no such program\n", stderr);
	return EXIT_FAILURE;
}
