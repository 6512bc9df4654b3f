/* SPDX-License-Identifier: MIT */
#ifndef CURL_WAYS_H
#define CURL_WAYS_H

/*
 * curl_ways.h - the ways in which victim_curl waits for a peer, and what stock does there.
 */

#define CURL_WAYS	19
#define CURL_WAYS_WORDS 8
#define CURL_WAYS_ERAS	3

/* The calls that victim_curl marks, by the numbers of the marks. */
enum curl_call { PERFORM, EASY, REMOVE, MULTI, CALLS };

extern const char *const curl_calls[CALLS];

struct curl_stock {
	int call; /* the first that waits     */
	int seconds;
};

struct curl_way {
	const char *name;
	const char *words[CURL_WAYS_WORDS];
	struct curl_stock
		stock[CURL_WAYS_ERAS]; /* libcurl up to 8.12, 8.14, since 8.20 */
	int result;		       /* of the transfer                      */
	int connections;
};

extern const struct curl_way curl_ways[CURL_WAYS];

/* What stock does with the libcurl that is here; `longest` is the call that was seen to
   take longest, for versions of which nobody knows. */
struct curl_stock curl_ways_stock(const struct curl_way *way, int longest);

#endif
