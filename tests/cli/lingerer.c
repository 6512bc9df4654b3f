/* SPDX-License-Identifier: MIT */
/*
 * lingerer.c - a program whose close() hangs by itself: a full socket that lingers.
 *
 * usage: lingerer STATUS
 *
 * Two ends of a loopback connection; nobody reads. Stock, the close takes LINGER_S
 * seconds. Exits with STATUS.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_S 3

static void must(int ok, const char *step)
{
	if (ok)
		return;
	perror(step);
	exit(99);
}

int main(int argc, char **argv)
{
	static char bytes[65536];
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger linger = { .l_onoff = 1, .l_linger = LINGER_S };
	socklen_t size = sizeof(here);
	int door = socket(AF_INET, SOCK_STREAM, 0);
	int near = socket(AF_INET, SOCK_STREAM, 0);

	must(argc == 2, "usage: lingerer STATUS");
	must(bind(door, (struct sockaddr *)&here, size) == 0, "bind");
	must(listen(door, 1) == 0, "listen");
	must(getsockname(door, (struct sockaddr *)&here, &size) == 0, "getsockname");
	must(connect(near, (struct sockaddr *)&here, size) == 0, "connect");
	must(accept(door, NULL, NULL) != -1, "accept");
	must(fcntl(near, F_SETFL, O_NONBLOCK) == 0, "fcntl");
	while (write(near, bytes, sizeof(bytes)) > 0)
		continue;
	must(errno == EAGAIN, "write");
	must(setsockopt(near, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0,
	     "linger");
	must(close(near) == 0, "close");
	return atoi(argv[1]);
}
