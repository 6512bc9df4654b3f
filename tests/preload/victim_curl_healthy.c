/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_healthy.c - programs on libcurl that nothing hangs: cleanups whose peers
 * answer, lookups that are answered, and what a program sees of itself in between.
 *
 *   ten         clean up ten connections whose QUIT is answered after 50 ms: the shortest
 *               took number 0 (ms)
 *   namespace   enter a user namespace right after the cleanup of a handle with a progress
 *               callback (call 0: the result is 0 or errno)
 *   signals     a close callback that sleeps for 700 ms: whether it slept to the end is in
 *               number 0; how many real-time signals have a handler afterwards, in number 4
 *   reader      a close callback that reads a byte from a pipe (call 0), which comes once
 *               the driver lets the victim go to 1; step 1 is right before
 *   door        clean up handles that were made by dlsym at the address of an earlier one,
 *               of which there were number 0
 *   limited     look up twenty names that take 1 s, as a user that may have 24 tasks:
 *               number 0 are found
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"
#include "victim_libcurl.h"

#define KEPT	   "http://127.0.0.1:8001/"
#define POLITE	   "ftp://127.0.0.1:2111/f"
#define SLOW	   "http://slow%d.slow.test:8001/"
#define TEN	   10
#define LOOKUPS	   20
#define STRANGER   54321 /* a user who has no other tasks */
#define REMAKES	   100
#define FOREVER_MS 100000

static int ends[2]; /* of the pipe that a callback reads from */

/* A handle with an idle connection. */
static CURL *connected(const char *url, int (*on_close)(void *, curl_socket_t))
{
	libcurl_options.url = url;
	CURL *easy = libcurl_easy(0);
	if (on_close)
		curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	victim_need(curl_easy_perform(easy) == CURLE_OK, url);
	return easy;
}

static int run_ten(char **arguments)
{
	CURL *easy[TEN];

	(void)arguments;
	for (int i = 0; i < TEN; i++)
		easy[i] = connected(POLITE, NULL);
	victim_marks->number[0] = FOREVER_MS;
	for (int i = 0; i < TEN; i++) {
		libcurl_begin(0);
		curl_easy_cleanup(easy[i]);
		libcurl_end(0, 0);
		if (libcurl_ms(0) < victim_marks->number[0])
			victim_marks->number[0] = libcurl_ms(0);
	}
	return victim_leave(VICTIM_STATUS);
}

static int go_on(void *data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)data, (void)a, (void)b, (void)c, (void)d;
	return 0;
}

static int run_namespace(char **arguments)
{
	(void)arguments;
	CURL *easy = connected(KEPT, NULL);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, go_on);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	victim_need(curl_easy_perform(easy) == CURLE_OK, "perform");
	curl_easy_cleanup(easy);
	victim_begin(0);
	victim_end(0, unshare(CLONE_NEWUSER) == 0 ? 0 : errno);
	return victim_leave(VICTIM_STATUS);
}

static int sleep_a_while(void *data, curl_socket_t fd)
{
	(void)data;
	victim_marks->number[0] = nanosleep(&(struct timespec){ 0, 700000000 }, NULL);
	return close(fd);
}

static int run_signals(char **arguments)
{
	struct sigaction now;

	(void)arguments;
	curl_easy_cleanup(connected(KEPT, sleep_a_while));
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++) {
		sigaction(number, NULL, &now);
		victim_marks->number[4] += now.sa_handler != SIG_DFL;
	}
	return victim_leave(VICTIM_STATUS);
}

static void *write_when_told(void *data)
{
	victim_await(1);
	victim_need(write(ends[1], "x", 1) == 1, "write");
	return data;
}

static int read_a_byte(void *data, curl_socket_t fd)
{
	char byte;

	(void)data;
	victim_begin(0);
	victim_step(1);
	victim_end(0, (int)read(ends[0], &byte, 1));
	return close(fd);
}

static int run_reader(char **arguments)
{
	CURL *easy = connected(KEPT, read_a_byte);
	pthread_t thread;

	(void)arguments;
	victim_need(pipe(ends) == 0, "pipe");
	pthread_create(&thread, NULL, write_when_told, NULL);
	curl_easy_cleanup(easy);
	pthread_join(thread, NULL);
	return victim_leave(VICTIM_STATUS);
}

static int run_door(char **arguments)
{
	void *libcurl = dlopen("libcurl.so.4", RTLD_NOW);
	CURL *first = curl_easy_init();

	(void)arguments;
	victim_need(libcurl != NULL, "libcurl.so.4");
	CURL *(*init)(void) = (CURL * (*)(void)) dlsym(libcurl, "curl_easy_init");
	curl_easy_cleanup(first);
	for (int i = 0; i < REMAKES; i++) {
		CURL *easy = init();

		victim_marks->number[0] += easy == first;
		curl_easy_setopt(easy, CURLOPT_URL, KEPT);
		curl_easy_cleanup(easy);
	}
	return victim_leave(VICTIM_STATUS);
}

static void perform_all(CURLM *multi)
{
	int running, left;
	CURLMsg *message;

	do {
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 100, NULL);
	} while (running);
	while ((message = curl_multi_info_read(multi, &left)))
		victim_marks->number[0] += message->data.result == CURLE_OK;
}

static int run_limited(char **arguments)
{
	CURLM *multi = curl_multi_init();
	int running;

	(void)arguments;
	victim_need(setrlimit(RLIMIT_NPROC, &(struct rlimit){ 24, 24 }) == 0,
		    "setrlimit");
	victim_need(setresuid(STRANGER, STRANGER, STRANGER) == 0, "setresuid");
	libcurl_options.url = SLOW;
	for (int i = 0; i < LOOKUPS; i++) {
		curl_multi_add_handle(multi, libcurl_easy(i));
		curl_multi_perform(multi, &running);
		usleep(5000); /* each is under way before the next */
	}
	perform_all(multi);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "ten", run_ten },
						    { "namespace", run_namespace },
						    { "signals", run_signals },
						    { "reader", run_reader },
						    { "door", run_door },
						    { "limited", run_limited },
						    { NULL, NULL } };
	char *none[] = { NULL };

	(void)argc;
	libcurl_read(none);
	curl_global_init(CURL_GLOBAL_ALL);
	return victim_run(verbs, argv);
}
