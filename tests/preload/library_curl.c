/* SPDX-License-Identifier: MIT */
/*
 * library_curl.c - a library on libcurl, with a constructor that may use it: that is
 * before the constructors of whatever was preloaded.
 */
#include "library_curl.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static int early = -1;

int library_use(void)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		return 0;
	curl_easy_setopt(easy, CURLOPT_URL, "file:///etc/hosts");
	curl_easy_cleanup(easy);
	return 1;
}

int library_early(void)
{
	return early;
}

__attribute__((constructor)) static void use_early(void)
{
	const char *when = getenv("VICTIM_CURL");

	if (when && strcmp(when, "early") == 0)
		early = library_use();
}
