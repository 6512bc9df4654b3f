/* SPDX-License-Identifier: MIT */
/*
 * demo_curl.c - an ordinary program with libcurl whose cleanup hangs.
 *
 * usage: curfew-demo-curl lookup URL    give up a transfer that waits for its name
 *        curfew-demo-curl ftp PORT      fetch a file in some logins, and clean up
 *
 * Nothing in here knows of curfew: it is to be what users have. Exits with
 * DEMO_VICTIM_STATUS, or 1 after one line on stderr when it did not come as far as a
 * cleanup that can hang.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demo_victim.h"

#define GIVE_UP_MS 300
#define LOGINS	   4 /* libcurl keeps five connections; since 8.13 each takes a second */

static int complain(const char *step, const char *error)
{
	fprintf(stderr, "%s: %s\n", step, error);
	return EXIT_FAILURE;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* True when it still runs after GIVE_UP_MS. */
static bool work_for_a_while(CURLM *multi)
{
	long end = now_ms() + GIVE_UP_MS;
	int running = 1;

	while (running && now_ms() < end) {
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, (int)(end - now_ms()), NULL);
	}
	return running;
}

static int give_up_lookup(const char *url)
{
	CURLM *multi = curl_multi_init();
	CURL *easy = curl_easy_init();

	if (!multi || !easy)
		return complain("libcurl", "out of memory");
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_multi_add_handle(multi, easy);
	bool runs = work_for_a_while(multi);
	curl_multi_remove_handle(multi, easy);
	curl_easy_cleanup(easy);
	curl_multi_cleanup(multi);
	return runs ? DEMO_VICTIM_STATUS : complain(url, "was over at once");
}

static size_t discard(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes, (void)data;
	return size * count;
}

static int fetch_over_ftp(const char *port)
{
	CURL *easy = curl_easy_init();
	CURLcode code = CURLE_OK;
	char url[64];

	if (!easy)
		return complain("libcurl", "out of memory");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
	for (int i = 1; i <= LOGINS && code == CURLE_OK; i++) {
		snprintf(url, sizeof(url), "ftp://reader%d@127.0.0.1:%s/notes", i, port);
		curl_easy_setopt(easy, CURLOPT_URL, url);
		code = curl_easy_perform(easy);
	}
	curl_easy_cleanup(easy);
	return code == CURLE_OK ? DEMO_VICTIM_STATUS
				: complain(url, curl_easy_strerror(code));
}

int main(int argc, char **argv)
{
	int status;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return complain("libcurl", "cannot be initialized");
	if (argc == 3 && strcmp(argv[1], "lookup") == 0)
		status = give_up_lookup(argv[2]);
	else if (argc == 3 && strcmp(argv[1], "ftp") == 0)
		status = fetch_over_ftp(argv[2]);
	else
		status = complain("curfew-demo-curl", "no such program");
	curl_global_cleanup();
	return status;
}
