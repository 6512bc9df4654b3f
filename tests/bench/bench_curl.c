/* SPDX-License-Identifier: MIT */
/*
 * bench_curl.c - how long curl_multi_cleanup takes with idle connections.
 */
#include "bench_curl.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST	    100 /* connections */
#define BATCHES	    31
#define MOST_SERVED 512

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void answer(struct pollfd *peer)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	char request[4096];

	if (!peer->revents)
		return;
	if (read(peer->fd, request, sizeof(request)) > 0 &&
	    write(peer->fd, text, sizeof(text) - 1) > 0)
		return;
	close(peer->fd);
	peer->fd = -1;
}

static void serve(int listener)
{
	struct pollfd peers[MOST_SERVED] = { { .fd = listener, .events = POLLIN } };
	int count = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		poll(peers, (nfds_t)count, -1);
		for (int i = 1; i < count; i++)
			answer(&peers[i]);
		while (count > 1 && peers[count - 1].fd == -1)
			count--;
		if (peers[0].revents && count < MOST_SERVED)
			peers[count++] =
				(struct pollfd){ .fd = accept(listener, NULL, NULL),
						 .events = POLLIN };
	}
}

static pid_t start_server(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&address, size) == -1 ||
	    listen(listener, MOST_SERVED) == -1 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) == -1)
		return -1;
	*port = ntohs(address.sin_port);
	pid_t server = fork();
	if (server == 0)
		serve(listener);
	close(listener);
	return server;
}

static size_t drop(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes, (void)data;
	return size * count;
}

static void transfer(CURLM *multi, CURL **easies, int count, const char *url)
{
	int running = count;

	for (int i = 0; i < count; i++) {
		easies[i] = curl_easy_init();
		curl_easy_setopt(easies[i], CURLOPT_URL, url);
		curl_easy_setopt(easies[i], CURLOPT_WRITEFUNCTION, drop);
		curl_multi_add_handle(multi, easies[i]);
	}
	while (running > 0) {
		curl_multi_perform(multi, &running);
		curl_multi_wait(multi, NULL, 0, 10, NULL);
	}
	for (int i = 0; i < count; i++) {
		curl_multi_remove_handle(multi, easies[i]);
		curl_easy_cleanup(easies[i]);
	}
}

static int64_t once(int count, const char *url)
{
	CURL *easies[MOST];
	CURLM *multi = curl_multi_init();

	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)MOST);
	transfer(multi, easies, count, url);
	int64_t began = now_ns();
	curl_multi_cleanup(multi);
	return now_ns() - began;
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

void bench_curl_measure(FILE *to)
{
	static const int counts[] = { 0, 1, MOST };
	int64_t took[BATCHES];
	char url[64];
	int port = 0;
	pid_t server = start_server(&port);

	if (server <= 0)
		return;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		for (int j = 0; j < BATCHES; j++)
			took[j] = once(counts[i], url);
		qsort(took, BATCHES, sizeof(*took), compare);
		fprintf(to, "%lld multi_cleanup, %d idle\n", (long long)took[BATCHES / 2],
			counts[i]);
	}
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}
