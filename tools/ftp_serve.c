/* SPDX-License-Identifier: MIT */
/*
 * ftp_serve.c - an FTP server that never answers QUIT.
 *
 * Just what a client needs to fetch a file: RFC 959, with the EPSV of RFC 2428.
 */
#include "ftp_serve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT	  "It is only notes.\n"
#define ANSWER_MS 5

int ftp_listen(int *port)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(here);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener == -1)
		return -1;
	if (bind(listener, (struct sockaddr *)&here, size) == 0 &&
	    listen(listener, 8) == 0 &&
	    getsockname(listener, (struct sockaddr *)&here, &size) == 0) {
		*port = ntohs(here.sin_port);
		return listener;
	}
	close(listener);
	return -1;
}

/* A client that is gone is noticed by the next read. */
static void say(int client, const char *text)
{
	if (send(client, text, strlen(text), MSG_NOSIGNAL) == -1)
		return;
}

/* One command, without its arguments; false when there are no more. */
static bool read_command(int client, char *command, size_t bytes)
{
	size_t length = 0;
	char byte;

	while (read(client, &byte, 1) == 1) {
		if (byte == '\n') {
			command[length] = '\0';
			command[strcspn(command, " \r")] = '\0';
			return true;
		}
		if (length + 1 < bytes)
			command[length++] = byte;
	}
	return false;
}

static void send_file(int client, int data_listener)
{
	say(client, "150 Here it comes\r\n");
	int data = accept(data_listener, NULL, NULL);
	if (data == -1)
		return;
	say(data, TEXT);
	close(data);
	say(client, "226 That was it\r\n");
}

/* libcurl 7.88 does nothing for 200 ms when this answer is there before it looks. */
static void say_data_port(int client, int port)
{
	char reply[64];

	poll(NULL, 0, ANSWER_MS);
	snprintf(reply, sizeof(reply), "229 Come to (|||%d|)\r\n", port);
	say(client, reply);
}

static void say_size(int client)
{
	char reply[64];

	snprintf(reply, sizeof(reply), "213 %zu\r\n", strlen(TEXT));
	say(client, reply);
}

/* Until the file has been fetched. */
static void talk(int client, int data_listener, int data_port)
{
	char command[64];

	say(client, "220 Hello\r\n");
	while (read_command(client, command, sizeof(command))) {
		if (strcasecmp(command, "USER") == 0)
			say(client, "230 You are in\r\n");
		else if (strcasecmp(command, "PWD") == 0)
			say(client, "257 \"/\"\r\n");
		else if (strcasecmp(command, "TYPE") == 0)
			say(client, "200 As you like\r\n");
		else if (strcasecmp(command, "EPSV") == 0)
			say_data_port(client, data_port);
		else if (strcasecmp(command, "SIZE") == 0)
			say_size(client);
		else if (strcasecmp(command, "RETR") == 0)
			break;
		else
			say(client, "502 Not here\r\n");
	}
	send_file(client, data_listener);
}

void ftp_serve(int listener)
{
	const int on = 1; /* two replies in a row: the second shall not wait for an ACK */
	int data_port;
	int data_listener = ftp_listen(&data_port);
	int client;

	if (data_listener == -1)
		return;
	while ((client = accept(listener, NULL, NULL)) != -1) {
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		talk(client, data_listener, data_port);
	}
	close(data_listener);
}
