/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_own.c - a program that has a curl_easy_init of its own, for everybody in its
 * process, over the next one.
 *
 *   own   transfer a file (result in number 0) with such a handle; how often it was called,
 *         also by libcurl, is in number 1; whether dlsym() finds it, in number 2
 */
#include <curl/curl.h>
#include <dlfcn.h>

#include "victim.h"

__attribute__((visibility("default"))) CURL *curl_easy_init(void)
{
	CURL *(*next)(void) = (CURL * (*)(void)) dlsym(RTLD_NEXT, "curl_easy_init");
	CURL *easy = next();

	victim_marks->number[1]++;
	return easy;
}

static size_t take(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes, (void)data;
	return size * count;
}

static int run_own(char **arguments)
{
	(void)arguments;
	/* By the scope of the program it is its own. */
	victim_marks->number[2] =
		dlsym(RTLD_DEFAULT, "curl_easy_init") == (void *)curl_easy_init;
	CURL *easy = curl_easy_init();
	victim_need(easy != NULL, "curl_easy_init");
	curl_easy_setopt(easy, CURLOPT_URL, "file:///etc/hosts");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	victim_marks->number[0] = curl_easy_perform(easy);
	curl_easy_cleanup(easy);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "own", run_own }, { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
