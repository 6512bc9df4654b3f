/* SPDX-License-Identifier: MIT */
/*
 * victim_holdings.c - what a victim holds and others wait for.
 */
#include "victim_holdings.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>

#include "victim.h"

static void hold_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	victim_need(fd != -1 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
			    listen(fd, 1) == 0 &&
			    getsockname(fd, (struct sockaddr *)&address, &size) == 0,
		    "listen");
	victim_marks->number[0] = ntohs(address.sin_port);
}

void holdings_take(const char *lock, const char *fifo)
{
	int fd = victim_open(lock, O_RDWR | O_CLOEXEC);

	victim_need(flock(fd, LOCK_EX | LOCK_NB) == 0, "flock");
	victim_open(fifo, O_WRONLY | O_CLOEXEC);
	hold_port();
}
