/* SPDX-License-Identifier: MIT */
/*
 * wrapper_curl.c - somebody else's preload: stands in for curl_easy_init and
 * curl_easy_cleanup, and says so when the next one has returned.
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((visibility("default"))) CURL *curl_easy_init(void)
{
	CURL *(*next)(void) = (CURL * (*)(void)) dlsym(RTLD_NEXT, "curl_easy_init");
	CURL *easy = next();

	dprintf(STDOUT_FILENO, "init ");
	return easy;
}

__attribute__((visibility("default"))) void curl_easy_cleanup(CURL *easy)
{
	void (*next)(CURL *) = (void (*)(CURL *))dlsym(RTLD_NEXT, "curl_easy_cleanup");

	next(easy);
	dprintf(STDOUT_FILENO, "cleanup ");
}
