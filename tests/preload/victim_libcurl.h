/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_LIBCURL_H
#define VICTIM_LIBCURL_H

#include <curl/curl.h>

/*
 * victim_libcurl.h - what the victims on libcurl share: options, handles with callbacks
 * that note where they run, and the longest of several calls.
 *
 * One thread, but for libcurl_easy().
 */

extern struct libcurl_options {
	const char *url, *proxy, *interface, *order;
	long count, give_up, timeout, linger, upload, tls, speed;
} libcurl_options;

/* Read "name=value" arguments, up to a NULL. */
void libcurl_read(char **arguments);

/* A handle with all these options and callbacks, number `number`. */
CURL *libcurl_easy(long number);

/* Begin and end a measured call: of several of one kind the longest is kept. */
void libcurl_begin(int slot);
void libcurl_end(int slot, int result);

/* How long the call has been under way. */
long libcurl_ms(int slot);

/* The time of all cleanups is counted from here, by libcurl_finish() into number 3. */
void libcurl_count_from_here(void);
void libcurl_finish(void);

#endif
