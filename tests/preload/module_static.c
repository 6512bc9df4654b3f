/* SPDX-License-Identifier: MIT */
/*
 * module_static.c - a module with a libcurl linked into it, as a language binding brings its
 * own. Its client is closed as curl_cffi's AsyncCurl is: each handle that is pending is
 * removed, then the multi is cleaned up, and then its sockets are not watched any more.
 */
#include "module_static.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST   64
#define TURNS  10
#define NAP_MS 30

static CURLM *multi;
static CURL *easies[MOST];
static int easy_count;
static long caller;
static struct module_seen seen;

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *known)
{
	static int mark;

	(void)easy, (void)data;
	seen.foreign += syscall(SYS_gettid) != caller;
	if (what == CURL_POLL_REMOVE) {
		seen.watched--;
		return 0;
	}
	if (!known)
		seen.watched++;
	curl_multi_assign(multi, fd, &mark);
	return 0;
}

static int on_timer(CURLM *of, long ms, void *data)
{
	(void)of, (void)ms, (void)data;
	return 0;
}

int module_begin(int count)
{
	int running;
	char url[64];

	caller = syscall(SYS_gettid);
	curl_global_init(CURL_GLOBAL_ALL);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	for (easy_count = 0; easy_count < count && easy_count < MOST; easy_count++) {
		snprintf(url, sizeof(url), "http://dead%d/", easy_count);
		easies[easy_count] = curl_easy_init();
		curl_easy_setopt(easies[easy_count], CURLOPT_URL, url);
		curl_easy_setopt(easies[easy_count], CURLOPT_NOSIGNAL, 1L);
		curl_multi_add_handle(multi, easies[easy_count]);
	}
	for (int i = 0; i < TURNS; i++) {
		curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
		usleep(NAP_MS * 1000);
	}
	return seen.watched;
}

struct module_seen module_close(void)
{
	for (int i = 0; i < easy_count; i++)
		curl_multi_remove_handle(multi, easies[i]);
	seen.result = (int)curl_multi_cleanup(multi);
	for (int i = 0; i < easy_count; i++)
		curl_easy_cleanup(easies[i]);
	curl_global_cleanup();
	return seen;
}

int module_transfer(const char *url)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	int result = (int)curl_easy_perform(easy);
	curl_easy_cleanup(easy);
	return result;
}
