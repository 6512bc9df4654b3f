/* SPDX-License-Identifier: MIT */
/*
 * victim_lives.c - the handles of one life.
 */
#include "victim_lives.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "victim.h"

struct curl_names curl = CURL_NAMES_LINKED;
CURLM *multi;
CURLSH *share;
CURL *easies[LIVES_MOST];
static long locks;

void say(const char *what, long result)
{
	dprintf(STDOUT_FILENO, "%s %ld\n", what, result);
}

static int on_close(void *data, curl_socket_t fd)
{
	say("close callback, here", syscall(SYS_gettid) == *(long *)data);
	return close(fd);
}

static size_t take(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes, (void)data;
	return size * count;
}

CURL *lives_easy(const char *url)
{
	static _Thread_local long thread;
	CURL *easy = curl.easy_init();

	thread = syscall(SYS_gettid);
	victim_need(easy != NULL, "curl_easy_init");
	curl.easy_setopt(easy, CURLOPT_URL, url);
	curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl.easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl.easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &thread);
	return easy;
}

void lives_finish(void)
{
	int running = 1, left;
	CURLMsg *message;

	while (running > 0 && curl.multi_perform(multi, &running) == CURLM_OK)
		curl.multi_wait(multi, NULL, 0, 50, NULL);
	while ((message = curl.multi_info_read(multi, &left)))
		say("transfer", (long)message->data.result);
}

void lives_add(int number, const char *url)
{
	easies[number] = lives_easy(url);
	say("add", (long)curl.multi_add_handle(multi, easies[number]));
}

void lives_end_easies(int count)
{
	for (int i = 0; i < count; i++)
		curl.easy_cleanup(easies[i]);
	say("easies cleaned up", count);
}

void lives_end_multi(void)
{
	say("multi cleanup", (long)curl.multi_cleanup(multi));
}

static void on_lock(CURL *easy, curl_lock_data data, curl_lock_access access, void *user)
{
	(void)easy, (void)data, (void)access, (void)user;
	locks++;
}

static void on_unlock(CURL *easy, curl_lock_data data, void *user)
{
	(void)easy, (void)data, (void)user;
	locks--;
}

void lives_share(void)
{
	share = curl.share_init();
	curl.share_setopt(share, CURLSHOPT_LOCKFUNC, on_lock);
	curl.share_setopt(share, CURLSHOPT_UNLOCKFUNC, on_unlock);
	curl.share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	curl.share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	for (int i = 0; i < 2; i++) {
		easies[i] = lives_easy(LIVES_WELL);
		say("setopt", (long)curl.easy_setopt(easies[i], CURLOPT_SHARE, share));
		say("perform", (long)curl.easy_perform(easies[i]));
	}
}

void lives_end_share(void)
{
	say("share cleanup", (long)curl.share_cleanup(share));
	say("locks", locks);
}

void lives_multi(void)
{
	multi = curl.multi_init();
	say("setopt", (long)curl.multi_setopt(multi, CURLMOPT_MAXCONNECTS, 4L));
	lives_add(0, LIVES_WELL);
	lives_add(1, LIVES_WELL);
	lives_finish();
	say("remove", (long)curl.multi_remove_handle(multi, easies[0]));
	say("remove", (long)curl.multi_remove_handle(multi, easies[1]));
	lives_end_easies(2);
	lives_end_multi();
}

void lives_sharing(void)
{
	lives_share();
	lives_end_share();
	curl.easy_cleanup(easies[0]);
	lives_end_share();
	curl.easy_cleanup(easies[1]);
	lives_end_share();
}

void lives_begin(const char *way)
{
	if (strcmp(way, "default") == 0)
		curl_names_fetch(RTLD_DEFAULT, &curl);
	else if (strcmp(way, "linked") != 0)
		curl_names_load(way, &curl);
	victim_need(curl.global_init(CURL_GLOBAL_ALL) == CURLE_OK, "curl_global_init");
}
