/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_neighbours.c - cleanups that wait, next to work that must not notice.
 *
 *   resolve           another thread's transfer of a name that takes 1 s (number 0), while
 *                     cleanups of dead names go on (call 0: the longest
 *                     curl_multi_remove_handle, call 1: the longest curl_multi_cleanup)
 *   cache             another thread's slow download through a shared connection cache
 *                     (number 0, its bytes in number 1), while a connection in that cache
 *                     whose QUIT is never answered is cleaned up with its handle (call 0),
 *                     and then the cache (call 1)
 *   stream URL        two handles of a multi over one HTTP/2 connection: one is removed
 *                     (call 0), the other goes on (number 0, its bytes in number 1);
 *                     number 2 counts the connections
 *   interface         a transfer from CURLOPT_INTERFACE=host!NAME, a name that takes 1 s
 *                     (number 0)
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "victim.h"
#include "victim_libcurl.h"

#define SLOW "http://slow.test:8001/"

static pthread_mutex_t locks[CURL_LOCK_DATA_LAST];

static size_t count_bytes(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes, (void)data;
	victim_marks->number[1] += (int64_t)(size * count);
	return size * count;
}

static CURL *handle(const char *url)
{
	CURL *easy = curl_easy_init();

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, count_bytes);
	return easy;
}

static void *transfer(void *easy)
{
	victim_marks->number[0] = curl_easy_perform(easy);
	return NULL;
}

static void give_up_a_dead_name(void)
{
	CURLM *multi = curl_multi_init();
	CURL *easy = handle("http://dead/");
	int running;

	curl_multi_add_handle(multi, easy);
	for (int i = 0; i < 3; i++) {
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 10, NULL);
	}
	libcurl_begin(0);
	curl_multi_remove_handle(multi, easy);
	libcurl_end(0, 0);
	curl_easy_cleanup(easy);
	libcurl_begin(1);
	libcurl_end(1, (int)curl_multi_cleanup(multi));
}

static int run_resolve(char **arguments)
{
	CURL *slow = handle(SLOW);
	pthread_t thread;

	(void)arguments;
	victim_marks->number[0] = -1;
	pthread_create(&thread, NULL, transfer, slow);
	for (int i = 0; i < 3; i++)
		give_up_a_dead_name();
	pthread_join(thread, NULL);
	curl_easy_cleanup(slow);
	return victim_leave(VICTIM_STATUS);
}

static void lock(CURL *easy, curl_lock_data data, curl_lock_access access, void *user)
{
	(void)easy, (void)access, (void)user;
	pthread_mutex_lock(&locks[data]);
}

static void unlock(CURL *easy, curl_lock_data data, void *user)
{
	(void)easy, (void)user;
	pthread_mutex_unlock(&locks[data]);
}

static CURLSH *shared_cache(void)
{
	CURLSH *share = curl_share_init();

	for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&locks[i], NULL);
	curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock);
	curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	return share;
}

static int run_cache(char **arguments)
{
	CURLSH *share = shared_cache();
	CURL *slow = handle("http://127.0.0.1:8004/");
	CURL *mute = handle("ftp://127.0.0.1:2101/f");
	pthread_t thread;

	(void)arguments;
	curl_easy_setopt(slow, CURLOPT_SHARE, share);
	curl_easy_setopt(mute, CURLOPT_SHARE, share);
	victim_need(curl_easy_perform(mute) == CURLE_OK, "FTP");
	victim_marks->number[1] = 0;
	pthread_create(&thread, NULL, transfer, slow);
	usleep(200000);
	libcurl_begin(0);
	curl_easy_cleanup(mute);
	libcurl_end(0, 0);
	pthread_join(thread, NULL);
	curl_easy_cleanup(slow);
	libcurl_begin(1);
	libcurl_end(1, (int)curl_share_cleanup(share));
	return victim_leave(VICTIM_STATUS);
}

static CURL *stream(CURLM *multi, const char *url)
{
	CURL *easy = handle(url);

	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)400000);
	curl_multi_add_handle(multi, easy);
	return easy;
}

static void perform_until(CURLM *multi, int left, int rounds)
{
	int running = left + 1;

	for (int i = 0; running > left && i < rounds; i++) {
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 20, NULL);
	}
}

static void note_result(CURLM *multi)
{
	int left;
	CURLMsg *message = curl_multi_info_read(multi, &left);

	victim_marks->number[0] = message ? (int)message->data.result : -1;
}

static int run_stream(char **arguments)
{
	CURLM *multi = curl_multi_init();
	long connections = 0;

	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	CURL *stays = stream(multi, arguments[0]);
	CURL *goes = stream(multi, arguments[0]);
	curl_easy_setopt(goes, CURLOPT_WRITEFUNCTION, NULL);
	curl_easy_setopt(goes, CURLOPT_WRITEDATA, stderr);
	perform_until(multi, 0, 25);
	libcurl_begin(0);
	libcurl_end(0, (int)curl_multi_remove_handle(multi, goes));
	curl_easy_getinfo(goes, CURLINFO_NUM_CONNECTS, &connections);
	victim_marks->number[2] = connections;
	curl_easy_cleanup(goes);
	perform_until(multi, 0, 1000);
	note_result(multi);
	curl_multi_remove_handle(multi, stays);
	curl_easy_cleanup(stays);
	curl_multi_cleanup(multi);
	return victim_leave(VICTIM_STATUS);
}

static int run_interface(char **arguments)
{
	CURL *easy = handle("http://127.0.0.1:8001/");

	(void)arguments;
	curl_easy_setopt(easy, CURLOPT_INTERFACE, "host!slow.test");
	transfer(easy);
	curl_easy_cleanup(easy);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "resolve", run_resolve },
						    { "cache", run_cache },
						    { "stream", run_stream },
						    { "interface", run_interface },
						    { NULL, NULL } };

	(void)argc;
	curl_global_init(CURL_GLOBAL_ALL);
	return victim_run(verbs, argv);
}
