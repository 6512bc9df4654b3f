/* SPDX-License-Identifier: MIT */
/*
 * victim_socket.c - fills a connection to a peer that does not read, and closes it.
 *
 *   linger PORT SECONDS   SO_LINGER on for so many seconds (call 0); number 0 is how
 *                         many bytes went in
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "victim.h"

static int connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	victim_need(fd != -1 && connect(fd, (struct sockaddr *)&address,
					sizeof(address)) == 0,
		    "connect");
	return fd;
}

/* Byte number N of the stream is N modulo 251, so that the peer can check it. */
static void fill(int fd)
{
	char page[251 * 64];
	int64_t sent = 0;

	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = (char)(i % 251);
	victim_need(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
	for (;;) {
		size_t at = (size_t)(sent % 251);
		ssize_t count = write(fd, page + at, sizeof(page) - at);

		if (count == -1)
			break;
		sent += count;
	}
	victim_need(errno == EAGAIN, "fill");
	victim_need(fcntl(fd, F_SETFL, 0) == 0, "F_SETFL");
	victim_marks->number[0] = sent;
}

static int run_linger(char **arguments)
{
	struct linger linger = { .l_onoff = 1, .l_linger = atoi(arguments[1]) };
	int fd = connect_to(atoi(arguments[0]));

	fill(fd);
	victim_need(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0,
		    "SO_LINGER");
	victim_close(0, fd);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "linger", run_linger },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
