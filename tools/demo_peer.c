/* SPDX-License-Identifier: MIT */
/*
 * demo_peer.c - a TCP peer on loopback that takes a connection and never reads.
 *
 * Listening is enough: the kernel completes the connection and fills the buffer of
 * the socket that nobody accepts.
 */
#include "demo_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener = -1;

const char *demo_peer_set(char *argument, size_t bytes)
{
	static char reason[128];
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener == -1 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) == -1 ||
	    listen(listener, 1) == -1 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) == -1) {
		snprintf(reason, sizeof(reason), "cannot listen on loopback: %s",
			 strerror(errno));
		return reason;
	}
	snprintf(argument, bytes, "%d", ntohs(address.sin_port));
	return NULL;
}

void demo_peer_free(void)
{
	if (listener != -1)
		close(listener);
	listener = -1;
}
