/* SPDX-License-Identifier: MIT */
/*
 * lingering.c - a TCP connection whose close() waits.
 */
#include "lingering.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#define PATIENCE_MS 5000

static void connect_both(struct lingering *connection)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(connection->fd, (struct sockaddr *)&address, size), 0);
	connection->peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(connection->peer >= 0);
	close(listener);
}

struct lingering lingering_make(int seconds)
{
	static const char bytes[65536];
	struct linger linger = { 1, seconds };
	struct lingering connection = { -1, -1, 0 };
	ssize_t count;

	connect_both(&connection);
	assert_int_equal(
		setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
		0);
	while ((count = send(connection.fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		connection.sent += (size_t)count;
	assert_true(connection.sent > 0);
	return connection;
}

size_t lingering_drain(const struct lingering *connection)
{
	static char bytes[65536];
	struct pollfd ready = { .fd = connection->peer, .events = POLLIN };
	size_t total = 0;
	ssize_t count;

	while (poll(&ready, 1, PATIENCE_MS) == 1 &&
	       (count = read(connection->peer, bytes, sizeof(bytes))) > 0)
		total += (size_t)count;
	return total;
}
