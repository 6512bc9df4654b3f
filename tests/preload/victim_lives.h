/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_LIVES_H
#define VICTIM_LIVES_H

#include "victim_curl_names.h"

/*
 * victim_lives.h - the handles of one life, and what each step of it says.
 *
 * Used by one thread at a time. Whatever libcurl answers is printed.
 */

#define LIVES_WELL "http://127.0.0.1:8001/" /* answers at once */
#define LIVES_LONG "http://127.0.0.1:8004/" /* takes 1 s       */
#define LIVES_MOST 3

extern struct curl_names curl;
extern CURLM *multi;
extern CURLSH *share;
extern CURL *easies[LIVES_MOST];

/*
 * Have the functions in this way: "linked"; "default", fetched by RTLD_DEFAULT; or the name
 * of a libcurl that is loaded, whose functions are fetched.
 */
void lives_begin(const char *way);

/* Print one result. */
void say(const char *what, long result);

/* A handle with callbacks, for this thread. */
CURL *lives_easy(const char *url);

/* Make easy number `number` and add it to the multi; let all of the multi's finish. */
void lives_add(int number, const char *url);
void lives_finish(void);

/* Have easies 0 and 1 share connections, each with a transfer. */
void lives_share(void);

/* Two transfers by a multi, or by handles that share: whole lives. */
void lives_multi(void);
void lives_sharing(void);

/* Clean up: the first `count` easies, the multi, the share. */
void lives_end_easies(int count);
void lives_end_multi(void);
void lives_end_share(void);

#endif
