/* SPDX-License-Identifier: MIT */
/*
 * module_gnutls.c - a module with a libcurl of its own, the GnuTLS build, for
 * victim_curl_twins.
 */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "module_gnutls.h"

static CURL *easy;

int module_connect(const char *url, curl_closesocket_callback on_close, void *data)
{
	easy = curl_easy_init();
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, data);
	return (int)curl_easy_perform(easy);
}

void module_clean_up(void)
{
	curl_easy_cleanup(easy);
}
