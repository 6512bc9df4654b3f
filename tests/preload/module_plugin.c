/* SPDX-License-Identifier: MIT */
/*
 * module_plugin.c - a module that joins, while it is loaded (VICTIM_CURL=load) or unloaded
 * (VICTIM_CURL=unload), a thread that makes its first calls of libcurl.
 */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *use(void *data)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_URL, "file:///etc/hosts");
	curl_easy_cleanup(easy);
	dprintf(STDOUT_FILENO, easy ? "used " : "no handle ");
	return data;
}

static void use_on_a_thread(const char *when)
{
	const char *wanted = getenv("VICTIM_CURL");
	pthread_t thread;

	if (!wanted || strcmp(wanted, when) != 0)
		return;
	if (pthread_create(&thread, NULL, use, NULL) == 0)
		pthread_join(thread, NULL);
	dprintf(STDOUT_FILENO, "%s\n", when);
}

__attribute__((constructor)) static void load(void)
{
	use_on_a_thread("load");
}

__attribute__((destructor)) static void unload(void)
{
	use_on_a_thread("unload");
}
