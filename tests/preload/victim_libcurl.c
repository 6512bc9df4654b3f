/* SPDX-License-Identifier: MIT */
/*
 * victim_libcurl.c - what the victims on libcurl share.
 */
#include "victim_libcurl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"

struct libcurl_options libcurl_options = { .order = "remove", .count = 1 };

static struct {
	const char *name;
	const char **string;
	long *number;
} const options[] = {
	{ "url", &libcurl_options.url, NULL },
	{ "proxy", &libcurl_options.proxy, NULL },
	{ "interface", &libcurl_options.interface, NULL },
	{ "order", &libcurl_options.order, NULL },
	{ "count", NULL, &libcurl_options.count },
	{ "give_up", NULL, &libcurl_options.give_up },
	{ "timeout", NULL, &libcurl_options.timeout },
	{ "linger", NULL, &libcurl_options.linger },
	{ "upload", NULL, &libcurl_options.upload },
	{ "tls", NULL, &libcurl_options.tls },
	{ "speed", NULL, &libcurl_options.speed },
};

static long caller;
static struct curl_slist *recipients;
static struct timespec began[MARKS_CALLS], counted;
static long longest[MARKS_CALLS];

static void read_one(const char *argument)
{
	const char *value = strchr(argument, '=');

	for (size_t i = 0; value && i < sizeof(options) / sizeof(*options); i++) {
		if (strlen(options[i].name) != (size_t)(value - argument) ||
		    strncmp(argument, options[i].name, (size_t)(value - argument)) != 0)
			continue;
		if (options[i].string)
			*options[i].string = value + 1;
		else
			*options[i].number = atol(value + 1);
		return;
	}
	errno = EINVAL;
	victim_need(0, argument);
}

void libcurl_read(char **arguments)
{
	caller = syscall(SYS_gettid);
	for (; *arguments; arguments++)
		read_one(*arguments);
}

static void note_callback(void)
{
	if (syscall(SYS_gettid) != caller)
		victim_marks->number[2]++;
}

static int on_close(void *data, curl_socket_t fd)
{
	(void)data;
	note_callback();
	victim_marks->number[1]++;
	return close(fd);
}

static int on_debug(CURL *easy, curl_infotype type, char *text, size_t size, void *data)
{
	(void)easy, (void)type, (void)text, (void)size, (void)data;
	note_callback();
	return 0;
}

static int on_socket(void *data, curl_socket_t fd, curlsocktype type)
{
	struct linger linger = { 1, (int)libcurl_options.linger };

	(void)data, (void)type;
	note_callback();
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	return 0;
}

static size_t take(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes, (void)data;
	note_callback();
	return size * count;
}

/* As many bytes as `upload` says, or without end when that is 1. */
static size_t give(char *bytes, size_t size, size_t count, void *data)
{
	static long given;
	size_t length = size * count;

	(void)data;
	if (libcurl_options.upload > 1) {
		if ((long)length > libcurl_options.upload - given)
			length = (size_t)(libcurl_options.upload - given);
		given += (long)length;
	}
	memset(bytes, 'x', length);
	return length;
}

static void set_upload(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
	if (strncmp(libcurl_options.url, "smtp", 4) != 0)
		return;
	if (!recipients)
		recipients = curl_slist_append(NULL, "<b@live.test>");
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, "<a@live.test>");
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
}

CURL *libcurl_easy(long number)
{
	CURL *easy = curl_easy_init();
	char url[256];

	victim_need(easy != NULL, "curl_easy_init");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(url, sizeof(url), libcurl_options.url, (int)number);
#pragma GCC diagnostic pop
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, libcurl_options.timeout);
	curl_easy_setopt(easy, CURLOPT_PROXY, libcurl_options.proxy);
	curl_easy_setopt(easy, CURLOPT_INTERFACE, libcurl_options.interface);
	curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE,
			 (curl_off_t)libcurl_options.speed);
	if (libcurl_options.proxy && strncmp(libcurl_options.url, "http:", 5) != 0)
		curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	if (libcurl_options.tls)
		curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	if (libcurl_options.linger)
		curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	if (libcurl_options.upload)
		set_upload(easy);
	return easy;
}

static long ms_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - then->tv_sec) * 1000 +
	       (now.tv_nsec - then->tv_nsec) / 1000000;
}

void libcurl_begin(int slot)
{
	struct mark *mark = &victim_marks->call[slot];

	clock_gettime(CLOCK_MONOTONIC, &began[slot]);
	mark->ended_ns = 0;
	mark->began_ns = began[slot].tv_sec * INT64_C(1000000000) + began[slot].tv_nsec;
}

void libcurl_end(int slot, int result)
{
	struct mark *mark = &victim_marks->call[slot];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	long ms = ms_since(&began[slot]);
	if (ms > longest[slot])
		longest[slot] = ms;
	mark->result = result;
	/* As if it had been the longest of its kind. */
	mark->began_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec -
			 longest[slot] * INT64_C(1000000);
	mark->ended_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

long libcurl_ms(int slot)
{
	return ms_since(&began[slot]);
}

void libcurl_count_from_here(void)
{
	clock_gettime(CLOCK_MONOTONIC, &counted);
}

void libcurl_finish(void)
{
	victim_marks->number[3] = ms_since(&counted);
	curl_slist_free_all(recipients);
	curl_global_cleanup();
}
