/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_flavours.c - a program with two libcurls, whose functions it has by its own
 * links or fetches by name.
 *
 *   linked OWN OTHER     OWN is the file name of the libcurl it is linked to, OTHER is loaded
 *   fetched ONE OTHER    both are loaded
 *
 * Of each an idle connection to an FTP server that never answers QUIT is cleaned up (calls
 * 0 and 1), and a multi with a name that is never answered (calls 2 and 3). Numbers 0 and 1:
 * close callbacks that each one's own library called; 2 and 3: that another did.
 *
 *   marker OWN LIBRARY   LIBRARY has functions of these names and remembers what was called.
 *                        Prints that for its cleanup, and the result of libcurl's
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"
#include "victim_curl_names.h"

struct side {
	int number;
	const char *library;
	struct curl_names curl;
	CURL *easy, *pending;
	CURLM *multi;
};

static int on_close(void *data, curl_socket_t fd)
{
	const struct side *side = data;
	int is_own = curl_names_is_in(__builtin_return_address(0), side->library);

	victim_marks->number[side->number + (is_own ? 0 : 2)]++;
	return close(fd);
}

static CURL *handle(struct side *side, const char *url)
{
	const struct curl_names *curl = &side->curl;
	CURL *easy = curl->easy_init();

	victim_need(easy != NULL, "curl_easy_init");
	curl->easy_setopt(easy, CURLOPT_URL, url);
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
	curl->easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl->easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, side);
	return easy;
}

static void begin(struct side *side)
{
	const struct curl_names *curl = &side->curl;
	int running;

	curl->global_init(CURL_GLOBAL_ALL);
	side->easy = handle(side, "ftp://127.0.0.1:2101/");
	victim_need(curl->easy_perform(side->easy) == CURLE_OK, side->library);
	side->multi = curl->multi_init();
	side->pending = handle(side, "http://dead/");
	curl->multi_add_handle(side->multi, side->pending);
	for (int i = 0; i < 5; i++) {
		curl->multi_perform(side->multi, &running);
		curl->multi_wait(side->multi, NULL, 0, 10, NULL);
	}
}

static void end(struct side *side)
{
	const struct curl_names *curl = &side->curl;

	victim_begin(side->number);
	curl->easy_cleanup(side->easy);
	victim_end(side->number, 0);
	victim_begin(2 + side->number);
	curl->multi_remove_handle(side->multi, side->pending);
	int result = (int)curl->multi_cleanup(side->multi);
	curl->easy_cleanup(side->pending);
	victim_end(2 + side->number, result);
}

static int run_both(struct side *sides)
{
	begin(&sides[0]);
	begin(&sides[1]);
	end(&sides[0]);
	end(&sides[1]);
	return victim_leave(VICTIM_STATUS);
}

static int run_linked(char **arguments)
{
	static struct side sides[] = { { .number = 0, .curl = CURL_NAMES_LINKED },
				       { .number = 1 } };

	sides[0].library = arguments[0];
	sides[1].library = arguments[1];
	curl_names_load(arguments[1], &sides[1].curl);
	return run_both(sides);
}

static int run_fetched(char **arguments)
{
	static struct side sides[] = { { .number = 0 }, { .number = 1 } };

	for (int i = 0; i < 2; i++) {
		sides[i].library = arguments[i];
		curl_names_load(arguments[i], &sides[i].curl);
	}
	return run_both(sides);
}

static int run_marker(char **arguments)
{
	static const int its_own;
	void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
	CURLM *multi = curl_multi_init();

	victim_need(library != NULL, arguments[1]);
	void (*cleanup)(const void *) =
		(void (*)(const void *))dlsym(library, "curl_multi_cleanup");
	const char **called = dlsym(library, "marker_called");
	const void **argument = dlsym(library, "marker_argument");
	victim_need(cleanup && called && argument, "dlsym");
	cleanup(&its_own);
	dprintf(STDOUT_FILENO, "%s of its own %d\n", *called, *argument == &its_own);
	*called = "nothing";
	CURLMcode result = curl_multi_cleanup(multi);
	dprintf(STDOUT_FILENO, "%s, %d\n", *called, (int)result);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "linked", run_linked },
						    { "fetched", run_fetched },
						    { "marker", run_marker },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
