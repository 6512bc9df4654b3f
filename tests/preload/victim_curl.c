/* SPDX-License-Identifier: MIT */
/*
 * victim_curl.c - programs on libcurl whose cleanups wait for peers.
 *
 *   easy OPTION...    perform (call 0) and clean up each easy handle (call 1: the longest)
 *   multi OPTION...   perform until all is done or for give_up ms, then clean up:
 *                     order=remove  remove each (call 2: the longest), easies, multi (3)
 *                     order=multi   multi first (call 3), easies (call 1)
 *
 * OPTIONs are name=value: url, count (1), give_up and timeout in ms (0: none), proxy,
 * linger in s, upload in bytes (1: without end), tls=1 (AUTH TLS), interface, speed in
 * bytes a second.
 * A %d in the url is the number of the handle.
 *
 * number 0: the result of the last transfer   number 1: closesocket callbacks
 * number 2: callbacks on a thread that is not the caller's
 * number 3: ms of all cleanup calls together
 */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <string.h>

#include "victim.h"
#include "victim_libcurl.h"

#define MOST 200

enum { PERFORM, EASY, REMOVE, MULTI };

static CURL *easies[MOST];
static CURLM *multi;

static void clean_easies(void)
{
	for (long i = 0; i < libcurl_options.count; i++) {
		libcurl_begin(EASY);
		curl_easy_cleanup(easies[i]);
		libcurl_end(EASY, 0);
	}
}

static int run_easy(char **arguments)
{
	libcurl_read(arguments);
	for (long i = 0; i < libcurl_options.count; i++) {
		easies[i] = libcurl_easy(i);
		libcurl_begin(PERFORM);
		victim_marks->number[0] = curl_easy_perform(easies[i]);
		libcurl_end(PERFORM, (int)victim_marks->number[0]);
	}
	libcurl_count_from_here();
	clean_easies();
	libcurl_finish();
	return victim_leave(VICTIM_STATUS);
}

static void perform(void)
{
	int running = 1, left;
	CURLMsg *message;

	libcurl_begin(PERFORM);
	for (long i = 0; running && (libcurl_options.give_up == 0 ||
				     libcurl_ms(PERFORM) < libcurl_options.give_up);
	     i++) {
		curl_multi_perform(multi, &running);
		if (running)
			curl_multi_poll(multi, NULL, 0, 20, NULL);
	}
	while ((message = curl_multi_info_read(multi, &left)))
		victim_marks->number[0] = message->data.result;
	libcurl_end(PERFORM, 0);
}

static void remove_each(void)
{
	for (long i = 0; i < libcurl_options.count; i++) {
		libcurl_begin(REMOVE);
		libcurl_end(REMOVE, (int)curl_multi_remove_handle(multi, easies[i]));
	}
}

static void clean_multi(void)
{
	libcurl_begin(MULTI);
	libcurl_end(MULTI, (int)curl_multi_cleanup(multi));
}

static int run_multi(char **arguments)
{
	libcurl_read(arguments);
	multi = curl_multi_init();
	for (long i = 0; i < libcurl_options.count; i++) {
		easies[i] = libcurl_easy(i);
		curl_multi_add_handle(multi, easies[i]);
	}
	perform();
	libcurl_count_from_here();
	if (strcmp(libcurl_options.order, "multi") == 0) {
		clean_multi();
		clean_easies();
	} else {
		remove_each();
		clean_easies();
		clean_multi();
	}
	libcurl_finish();
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "easy", run_easy },
						    { "multi", run_multi },
						    { NULL, NULL } };

	(void)argc;
	curl_global_init(CURL_GLOBAL_ALL);
	return victim_run(verbs, argv);
}
