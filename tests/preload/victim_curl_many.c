/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_many.c - 500 transfers with 50 parallel handles, and what came of them.
 *
 *   many URL   prints the number of transfers, their bytes, the sums of their results and
 *              response codes
 */
#include <stdio.h>
#include <stdlib.h>

#include "victim.h"
#include "victim_libcurl.h"

#define TRANSFERS 500
#define PARALLEL  50

static long bytes, results, codes;

static size_t count_bytes(char *data, size_t size, size_t count, void *user)
{
	(void)data, (void)user;
	bytes += (long)(size * count);
	return size * count;
}

static CURL *handle(const char *url)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_bytes);
	return easy;
}

/* Collect what is done; a handle is used again while there is something to do. */
static int collect(CURLM *multi, int *started)
{
	int done = 0, left;
	CURLMsg *message;

	while ((message = curl_multi_info_read(multi, &left))) {
		CURL *easy = message->easy_handle;
		long code = 0;

		results += (long)message->data.result;
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
		codes += code;
		done++;
		curl_multi_remove_handle(multi, easy);
		if (*started < TRANSFERS) {
			(*started)++;
			curl_multi_add_handle(multi, easy);
		} else {
			curl_easy_cleanup(easy);
		}
	}
	return done;
}

static int run_many(char **arguments)
{
	CURLM *multi = curl_multi_init();
	int started = 0, done = 0, running;

	/* A handle that closes another's connection would note the code of its QUIT. */
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)(2 * PARALLEL));
	for (; started < PARALLEL; started++)
		curl_multi_add_handle(multi, handle(arguments[0]));
	while (done < TRANSFERS) {
		curl_multi_perform(multi, &running);
		curl_multi_wait(multi, NULL, 0, 20, NULL);
		done += collect(multi, &started);
	}
	victim_need(curl_multi_cleanup(multi) == CURLM_OK, "curl_multi_cleanup");
	printf("%d transfers, %ld bytes, results %ld, codes %ld\n", done, bytes, results,
	       codes);
	fflush(stdout);
	curl_global_cleanup();
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "many", run_many },
						    { NULL, NULL } };

	(void)argc;
	curl_global_init(CURL_GLOBAL_ALL);
	return victim_run(verbs, argv);
}
