/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_race.c - a program whose threads load, use and unload several libcurls.
 *
 *   race SECONDS MODULE   one thread loads this module and a libcurl, makes and cleans up
 *                         handles of it, and unloads both; one does with another libcurl,
 *                         that stays. Prints for both the rounds, how many close callbacks
 *                         came from the handle's own libcurl and how many did not, and what
 *                         failed.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"
#include "victim_curl_names.h"

#define OPENSSL "libcurl.so.4"
#define GNUTLS	"libcurl-gnutls.so.4"
#define WELL	"http://127.0.0.1:8001/"

/* One thread of the race: which libcurl, and what it saw. */
struct racer {
	const char *library;
	const char *module;
	const struct curl_names *curl; /* NULL: loaded for each round */
	long rounds, right, wrong, failed;
};

static long race_until_ms;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int on_close(void *data, curl_socket_t fd)
{
	struct racer *racer = data;

	if (curl_names_is_in(__builtin_return_address(0), racer->library))
		racer->right++;
	else
		racer->wrong++;
	return close(fd);
}

static size_t take(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes, (void)data;
	return size * count;
}

static int transfer(const struct curl_names *curl, CURLM *multi)
{
	int running = 1, left;
	CURLMsg *message;

	while (running > 0 && curl->multi_perform(multi, &running) == CURLM_OK)
		curl->multi_wait(multi, NULL, 0, 50, NULL);
	message = curl->multi_info_read(multi, &left);
	return message ? (int)message->data.result : -1;
}

static void live(struct racer *racer, const struct curl_names *curl)
{
	CURLM *multi = curl->multi_init();
	CURL *easy = curl->easy_init();

	curl->easy_setopt(easy, CURLOPT_URL, WELL);
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl->easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl->easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, racer);
	curl->multi_add_handle(multi, easy);
	racer->failed += transfer(curl, multi) != 0;
	racer->failed += curl->multi_remove_handle(multi, easy) != CURLM_OK;
	racer->failed += curl->multi_cleanup(multi) != CURLM_OK;
	curl->easy_cleanup(easy);
}

static void load_and_live(struct racer *racer)
{
	struct curl_names curl;
	void *module = dlopen(racer->module, RTLD_NOW | RTLD_LOCAL);
	void *library = curl_names_load(racer->library, &curl);

	victim_need(module != NULL, racer->module);
	live(racer, &curl);
	dlclose(library);
	dlclose(module);
}

static void *race(void *data)
{
	struct racer *racer = data;

	for (; now_ms() < race_until_ms; racer->rounds++) {
		if (racer->curl)
			live(racer, racer->curl);
		else
			load_and_live(racer);
	}
	return NULL;
}

static int run_race(char **arguments)
{
	static struct curl_names kept;
	struct racer racers[] = { { .library = GNUTLS, .module = arguments[1] },
				  { .library = OPENSSL, .curl = &kept } };
	pthread_t thread[2];

	curl_names_load(OPENSSL, &kept);
	kept.global_init(CURL_GLOBAL_ALL);
	race_until_ms = now_ms() + 1000 * atol(arguments[0]);
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, race, &racers[i]);
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		const struct racer *racer = &racers[i];
		dprintf(STDOUT_FILENO, "%ld rounds, right %ld, wrong %ld, failed %ld\n",
			racer->rounds, racer->right, racer->wrong, racer->failed);
	}
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "race", run_race },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
