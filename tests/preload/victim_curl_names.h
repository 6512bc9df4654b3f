/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_CURL_NAMES_H
#define VICTIM_CURL_NAMES_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/*
 * victim_curl_names.h - the functions of a libcurl as pointers: as the victim is linked to
 * them, or as a language binding fetches them, by their names.
 *
 * Any thread. Of several libcurls in one process each has its own set.
 */

struct curl_names {
	CURLcode (*global_init)(long flags);
	void (*global_cleanup)(void);
	CURL *(*easy_init)(void);
	CURL *(*easy_duphandle)(CURL *easy);
	void (*easy_reset)(CURL *easy);
	CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*easy_perform)(CURL *easy);
	void (*easy_cleanup)(CURL *easy);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_setopt)(CURLM *multi, CURLMoption option, ...);
	CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_perform)(CURLM *multi, int *running);
	CURLMcode (*multi_wait)(CURLM *multi, struct curl_waitfd *extra, unsigned count,
				int timeout_ms, int *ready);
	CURLMcode (*multi_socket_action)(CURLM *multi, curl_socket_t fd, int events,
					 int *running);
	CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
	CURLMcode (*multi_cleanup)(CURLM *multi);
	CURLSH *(*share_init)(void);
	CURLSHcode (*share_setopt)(CURLSH *share, CURLSHoption option, ...);
	CURLSHcode (*share_cleanup)(CURLSH *share);
};

/* What whoever includes this is linked to. */
#define CURL_NAMES_LINKED                                                                \
	{                                                                                \
		.global_init = curl_global_init, .global_cleanup = curl_global_cleanup,  \
		.easy_init = curl_easy_init, .easy_duphandle = curl_easy_duphandle,      \
		.easy_reset = curl_easy_reset, .easy_setopt = curl_easy_setopt,          \
		.easy_perform = curl_easy_perform, .easy_cleanup = curl_easy_cleanup,    \
		.multi_init = curl_multi_init, .multi_setopt = curl_multi_setopt,        \
		.multi_add_handle = curl_multi_add_handle,                               \
		.multi_remove_handle = curl_multi_remove_handle,                         \
		.multi_perform = curl_multi_perform, .multi_wait = curl_multi_wait,      \
		.multi_socket_action = curl_multi_socket_action,                         \
		.multi_info_read = curl_multi_info_read,                                 \
		.multi_cleanup = curl_multi_cleanup, .share_init = curl_share_init,      \
		.share_setopt = curl_share_setopt, .share_cleanup = curl_share_cleanup   \
	}

/* Those that dlsym(handle, ...) finds; ends the victim when one is missing. */
void curl_names_fetch(void *handle, struct curl_names *names);

/* dlopen(RTLD_LOCAL) of a libcurl, and what is found there; ends the victim when that
   fails. Returns the handle. */
void *curl_names_load(const char *library, struct curl_names *names);

/* 1 when the code at this address is in an object of this file name, up to its first
   dot: a return address in a callback tells which libcurl has called. */
int curl_names_is_in(const void *address, const char *object);

#endif
