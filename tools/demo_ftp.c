/* SPDX-License-Identifier: MIT */
/*
 * demo_ftp.c - the process around the server of ftp_serve.c.
 */
#include "demo_ftp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo_child.h"
#include "ftp_serve.h"

static struct {
	bool runs;
	struct demo_child child;
} server;

/* The child has the socket; ours would keep the port open when it is gone. */
static bool start_server(int listener)
{
	char number[16];
	char *arguments[] = { "curfew", "demo", DEMO_FTP_WORD, number, NULL };

	snprintf(number, sizeof(number), "%d", listener);
	server.runs = demo_child_start(&server.child,
				       &(struct demo_launch){ .path = "/proc/self/exe",
							      .arguments = arguments,
							      .passed = listener });
	return server.runs;
}

const char *demo_ftp_set(char *argument, size_t bytes)
{
	static char reason[128];
	int port;
	int listener = ftp_listen(&port);
	bool started = listener != -1 && start_server(listener);
	int error = errno;

	if (listener != -1)
		close(listener);
	if (started) {
		snprintf(argument, bytes, "%d", port);
		return NULL;
	}
	snprintf(reason, sizeof(reason), "cannot start an FTP server on loopback: %s",
		 strerror(error));
	return reason;
}

void demo_ftp_free(void)
{
	if (server.runs)
		demo_child_end(&server.child);
	server.runs = false;
}

int demo_ftp_serve(const char *number)
{
	ftp_serve(atoi(number));
	return EXIT_FAILURE;
}
