/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_lives.c - whole lives of libcurl's handles, against a server that is well.
 * Each prints every result: with the library it must print the same.
 *
 *   LIFE WAY   WAY is how libcurl's functions are had, see victim_lives.h
 *
 *   multi         two transfers by a multi, all cleaned up in order
 *   easy          transfers by an easy, with a reset between
 *   share         two handles that share; the share is cleaned up in use, and afterwards
 *   duphandle     a copy, and a copy of that
 *   multi_first   a multi with handles still added: not started, under way, done
 *   easies_first  the same, but the handles before their multi
 *   refused       what is no handle, or is not added
 *   again         after curl_global_cleanup, once more
 */
#include "victim.h"
#include "victim_lives.h"

static void live_easy(void)
{
	easies[0] = lives_easy(LIVES_WELL);
	say("perform", (long)curl.easy_perform(easies[0]));
	curl.easy_reset(easies[0]);
	curl.easy_setopt(easies[0], CURLOPT_URL, LIVES_WELL);
	curl.easy_setopt(easies[0], CURLOPT_NOBODY, 1L);
	say("perform", (long)curl.easy_perform(easies[0]));
	easies[1] = lives_easy(LIVES_WELL);
	lives_end_easies(2);
}

static void live_duphandle(void)
{
	easies[0] = lives_easy(LIVES_WELL);
	say("perform", (long)curl.easy_perform(easies[0]));
	easies[1] = curl.easy_duphandle(easies[0]);
	easies[2] = curl.easy_duphandle(easies[1]);
	curl.easy_cleanup(easies[1]);
	say("perform", (long)curl.easy_perform(easies[2]));
	say("perform", (long)curl.easy_perform(easies[0]));
	easies[1] = easies[2];
	lives_end_easies(2);
}

static void start_three(void)
{
	int running = 0;

	multi = curl.multi_init();
	lives_add(0, LIVES_WELL);
	lives_finish();
	lives_add(1, LIVES_LONG);
	for (int i = 0; i < 5; i++) {
		curl.multi_perform(multi, &running);
		curl.multi_wait(multi, NULL, 0, 20, NULL);
	}
	say("running", running);
	lives_add(2, LIVES_WELL);
}

static void live_multi_first(void)
{
	start_three();
	lives_end_multi();
	lives_end_easies(3);
}

static void live_easies_first(void)
{
	start_three();
	lives_end_easies(3);
	lives_end_multi();
}

static void live_refused(void)
{
	CURLM *other = curl.multi_init();

	multi = curl.multi_init();
	curl.easy_cleanup(NULL);
	say("multi cleanup of none", (long)curl.multi_cleanup(NULL));
	say("share cleanup of none", (long)curl.share_cleanup(NULL));
	say("perform of none", (long)curl.easy_perform(NULL));
	say("remove none", (long)curl.multi_remove_handle(multi, NULL));
	easies[0] = lives_easy(LIVES_WELL);
	say("remove what is not added", (long)curl.multi_remove_handle(multi, easies[0]));
	say("add", (long)curl.multi_add_handle(multi, easies[0]));
	say("add again", (long)curl.multi_add_handle(multi, easies[0]));
	say("add elsewhere", (long)curl.multi_add_handle(other, easies[0]));
	say("remove elsewhere", (long)curl.multi_remove_handle(other, easies[0]));
	say("perform while added", curl.easy_perform(easies[0]) != CURLE_OK);
	say("remove", (long)curl.multi_remove_handle(multi, easies[0]));
	say("perform", (long)curl.easy_perform(easies[0]));
	say("other cleanup", (long)curl.multi_cleanup(other));
	lives_end_multi();
	lives_end_easies(1);
}

static void live_again(void)
{
	lives_multi();
	curl.global_cleanup();
	say("init", (long)curl.global_init(CURL_GLOBAL_ALL));
	live_easy();
	lives_sharing();
	curl.global_cleanup();
	say("init", (long)curl.global_init(CURL_GLOBAL_ALL));
}

static int run(char **arguments, void (*life)(void))
{
	lives_begin(arguments[0]);
	life();
	curl.global_cleanup();
	return victim_leave(VICTIM_STATUS);
}

static int run_multi(char **arguments)
{
	return run(arguments, lives_multi);
}

static int run_easy(char **arguments)
{
	return run(arguments, live_easy);
}

static int run_share(char **arguments)
{
	return run(arguments, lives_sharing);
}

static int run_duphandle(char **arguments)
{
	return run(arguments, live_duphandle);
}

static int run_multi_first(char **arguments)
{
	return run(arguments, live_multi_first);
}

static int run_easies_first(char **arguments)
{
	return run(arguments, live_easies_first);
}

static int run_refused(char **arguments)
{
	return run(arguments, live_refused);
}

static int run_again(char **arguments)
{
	return run(arguments, live_again);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "multi", run_multi },
						    { "easy", run_easy },
						    { "share", run_share },
						    { "duphandle", run_duphandle },
						    { "multi_first", run_multi_first },
						    { "easies_first", run_easies_first },
						    { "refused", run_refused },
						    { "again", run_again },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
