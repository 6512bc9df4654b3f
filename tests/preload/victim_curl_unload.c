/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_unload.c - a program that loads a libcurl, uses it and unloads it, over and over.
 *
 *   unload ROUNDS   each with a name that is never answered: removed, all cleaned up,
 *                   dlclose. Prints the rounds, the threads before and after, kB of memory
 *                   at half time and at the end, in how many rounds libcurl was gone, and
 *                   the longest of the cleanups in ms
 */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"
#include "victim_curl_names.h"

#define LIBCURL	   "libcurl.so.4"
#define RESOLVE_MS 12000

static long longest_ms;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int count = 0;

	victim_need(tasks != NULL, "/proc/self/task");
	while (readdir(tasks))
		count++;
	closedir(tasks);
	return count - 2;
}

static long memory_kb(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	long kb = 0;

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "VmRSS:", 6) == 0)
			kb = atol(line + 6);
	victim_need(kb > 0, "VmRSS");
	fclose(status);
	return kb;
}

static void give_up(const struct curl_names *curl)
{
	CURLM *multi = curl->multi_init();
	CURL *easy = curl->easy_init();
	int running;

	curl->easy_setopt(easy, CURLOPT_URL, "http://dead/");
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->multi_add_handle(multi, easy);
	for (int i = 0; i < 2; i++) {
		curl->multi_perform(multi, &running);
		curl->multi_wait(multi, NULL, 0, 1, NULL);
	}
	long began = now_ms();
	curl->multi_remove_handle(multi, easy);
	curl->multi_cleanup(multi);
	curl->easy_cleanup(easy);
	if (now_ms() - began > longest_ms)
		longest_ms = now_ms() - began;
}

/* Whether it was gone afterwards. */
static int use_and_unload(void)
{
	struct curl_names curl;
	void *library = curl_names_load(LIBCURL, &curl);

	curl.global_init(CURL_GLOBAL_ALL);
	give_up(&curl);
	curl.global_cleanup();
	victim_need(dlclose(library) == 0, "dlclose");
	library = dlopen(LIBCURL, RTLD_NOW | RTLD_NOLOAD);
	if (library)
		dlclose(library);
	return !library;
}

static void *do_nothing(void *data)
{
	return data;
}

/* With whatever a runtime starts together with the first thread. */
static int threads_before(void)
{
	pthread_t thread;

	victim_need(pthread_create(&thread, NULL, do_nothing, NULL) == 0, "thread");
	pthread_join(thread, NULL);
	return threads();
}

static int run_unload(char **arguments)
{
	int rounds = atoi(arguments[0]), before = threads_before(), gone = 0;
	long half_kb = 0;

	for (int i = 0; i < rounds; i++) {
		gone += use_and_unload();
		if (i == rounds / 2)
			half_kb = memory_kb();
	}
	long end_kb = memory_kb();
	for (long until = now_ms() + RESOLVE_MS; threads() > before && now_ms() < until;)
		usleep(10000);
	dprintf(STDOUT_FILENO, "%d rounds, threads %d %d, kB %ld %ld, gone %d, ms %ld\n",
		rounds, before, threads(), half_kb, end_kb, gone, longest_ms);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "unload", run_unload },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
