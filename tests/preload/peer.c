/* SPDX-License-Identifier: MIT */
/*
 * peer.c - the deaf peer of a lingering victim.
 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suite.h"

#define SMALL_BUFFER 4096
#define ACCEPT_MS    5000
#define READ_MS	     10000

static int listener = -1, connection = -1;

static void await(int fd, int within_ms)
{
	struct pollfd source = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&source, 1, within_ms), 1);
}

int peer_listen(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int buffer = SMALL_BUFFER;

	peer_end();
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(listener != -1);
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

void peer_accept(void)
{
	await(listener, ACCEPT_MS);
	connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(connection != -1);
}

int64_t peer_read_everything(void)
{
	unsigned char page[65536];
	int64_t seen = 0;

	for (;;) {
		await(connection, READ_MS);
		ssize_t count = read(connection, page, sizeof(page));
		if (count <= 0)
			return count == 0 ? seen : -1;
		for (ssize_t i = 0; i < count; i++) {
			if (page[i] != (unsigned char)((seen + i) % 251))
				fail_msg("byte %lld is wrong", (long long)(seen + i));
		}
		seen += count;
	}
}

void peer_end(void)
{
	if (connection != -1)
		close(connection);
	if (listener != -1)
		close(listener);
	connection = listener = -1;
}
