/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_places.c - libcurl's handles cleaned up in unusual places, against a server
 * that is well. Each prints every result: with the library it must print the same.
 *
 *   PLACE WAY   WAY is how libcurl's functions are had, see victim_lives.h
 *
 *   thread        made on one thread, cleaned up on another
 *   fork          cleaned up in a forked child, and by the parent
 *   at_exit       in an exit handler
 *   inside        from a callback of the same handle, which libcurl refuses
 *   inside_other  another life from a callback
 *   events        by a program with socket callbacks, some of them during the cleanup
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "victim.h"
#include "victim_lives.h"

static curl_socket_t watched = CURL_SOCKET_BAD;
static long removed;

static void clean_up_all(void)
{
	lives_end_easies(3);
	lives_end_multi();
	lives_end_share();
}

static void make_all(void)
{
	lives_share();
	multi = curl.multi_init();
	lives_add(2, LIVES_WELL);
	lives_finish();
}

static void *clean_up_there(void *data)
{
	clean_up_all();
	return data;
}

static void live_thread(void)
{
	pthread_t thread;

	make_all();
	pthread_create(&thread, NULL, clean_up_there, NULL);
	pthread_join(thread, NULL);
}

static void live_fork(void)
{
	int status = -1;

	make_all();
	pid_t child = fork();
	victim_need(child != -1, "fork");
	if (child == 0) {
		clean_up_all();
		_exit(3);
	}
	waitpid(child, &status, 0);
	say("child", status);
	clean_up_all();
}

static void live_at_exit(void)
{
	atexit(clean_up_all);
	make_all();
}

static size_t clean_up_inside(char *bytes, size_t size, size_t count, void *easy)
{
	int running;

	(void)bytes;
	say("inside, perform", (long)curl.multi_perform(multi, &running));
	say("inside, easy perform", curl.easy_perform(easy) != CURLE_OK);
	say("inside, remove", (long)curl.multi_remove_handle(multi, easy));
	say("inside, multi cleanup", (long)curl.multi_cleanup(multi));
	return size * count;
}

static void live_inside(void)
{
	multi = curl.multi_init();
	lives_add(0, LIVES_WELL);
	curl.easy_setopt(easies[0], CURLOPT_WRITEFUNCTION, clean_up_inside);
	curl.easy_setopt(easies[0], CURLOPT_WRITEDATA, easies[0]);
	lives_finish();
	say("remove", (long)curl.multi_remove_handle(multi, easies[0]));
	lives_end_easies(1);
	lives_end_multi();
}

static size_t live_inside_that(char *bytes, size_t size, size_t count, void *data)
{
	CURLM *outer = multi;
	CURL *caller = easies[0];

	(void)bytes, (void)data;
	lives_multi();
	lives_sharing();
	easies[0] = caller;
	multi = outer;
	return size * count;
}

static void live_inside_other(void)
{
	multi = curl.multi_init();
	lives_add(0, LIVES_WELL);
	curl.easy_setopt(easies[0], CURLOPT_WRITEFUNCTION, live_inside_that);
	lives_finish();
	lives_end_easies(1);
	lives_end_multi();
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *more)
{
	(void)easy, (void)data, (void)more;
	if (what == CURL_POLL_REMOVE)
		removed++;
	else
		watched = fd;
	return 0;
}

static int on_timer(CURLM *of, long ms, void *data)
{
	(void)of, (void)ms, (void)data;
	return 0;
}

static void live_events(void)
{
	int running = 1;

	multi = curl.multi_init();
	curl.multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl.multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	lives_add(0, LIVES_LONG);
	for (int i = 0; i < 20 && watched == CURL_SOCKET_BAD; i++) {
		curl.multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
		usleep(1000);
	}
	say("running", running);
	say("act",
	    (long)curl.multi_socket_action(multi, watched, CURL_CSELECT_OUT, &running));
	say("remove", (long)curl.multi_remove_handle(multi, easies[0]));
	say("sockets removed", removed);
	lives_end_easies(1);
	lives_end_multi();
	say("sockets removed", removed);
}

static int run(char **arguments, void (*life)(void))
{
	lives_begin(arguments[0]);
	life();
	return victim_leave(VICTIM_STATUS);
}

static int run_thread(char **arguments)
{
	return run(arguments, live_thread);
}

static int run_fork(char **arguments)
{
	return run(arguments, live_fork);
}

static int run_at_exit(char **arguments)
{
	return run(arguments, live_at_exit);
}

static int run_inside(char **arguments)
{
	return run(arguments, live_inside);
}

static int run_inside_other(char **arguments)
{
	return run(arguments, live_inside_other);
}

static int run_events(char **arguments)
{
	return run(arguments, live_events);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "thread", run_thread },
						    { "fork", run_fork },
						    { "at_exit", run_at_exit },
						    { "inside", run_inside },
						    { "inside_other", run_inside_other },
						    { "events", run_events },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
