/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_loading.c - a program whose libcurl is reached by many ways: its own calls,
 * a library it is linked to, a module that it loads. Each verb says what it saw.
 *
 *   program         use libcurl itself
 *   library         have a library use it
 *   early           say what that library's constructor got
 *   plugin MODULE   load a module and unload it
 *   children MODULE fork while a thread loads and unloads the module; say how many of the
 *                   children cannot use libcurl
 *   dlerror         use libcurl between a dlopen that fails and its dlerror
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library_curl.h"
#include "victim.h"

#define CHILDREN 60

static int say(const char *what)
{
	dprintf(STDOUT_FILENO, "%s\n", what);
	return victim_leave(VICTIM_STATUS);
}

static void use(void)
{
	CURL *easy = curl_easy_init();

	victim_need(easy != NULL, "curl_easy_init");
	curl_easy_setopt(easy, CURLOPT_URL, "file:///etc/hosts");
	curl_easy_cleanup(easy);
}

static int run_program(char **arguments)
{
	(void)arguments;
	use();
	return say("used");
}

static int run_library(char **arguments)
{
	(void)arguments;
	return say(library_use() ? "used" : "no handle");
}

static int run_early(char **arguments)
{
	(void)arguments;
	use();
	return say(library_early() == 1 ? "early" : "no handle");
}

static int run_plugin(char **arguments)
{
	use();
	void *module = dlopen(arguments[0], RTLD_NOW);
	victim_need(module != NULL, arguments[0]);
	return say(dlclose(module) == 0 ? "gone" : "there");
}

static int run_dlerror(char **arguments)
{
	(void)arguments;
	victim_need(dlopen("/proc/no/such.so", RTLD_NOW) == NULL, "dlopen");
	use();
	return say(dlerror() ? "message" : "nothing");
}

static _Atomic int is_over;

static void *load_often(void *path)
{
	while (!is_over)
		dlclose(dlopen(path, RTLD_NOW));
	return NULL;
}

static int is_child_lost(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		alarm(2);
		use();
		_exit(0); /* exit() waits for the same lock, stock */
	}
	return waitpid(child, &status, 0) != child || status != 0;
}

static int run_children(char **arguments)
{
	pthread_t thread;
	int lost = 0;

	victim_need(pthread_create(&thread, NULL, load_often, arguments[0]) == 0,
		    "pthread_create");
	for (int i = 0; i < CHILDREN; i++)
		lost += is_child_lost();
	is_over = 1;
	pthread_join(thread, NULL);
	dprintf(STDOUT_FILENO, "%d ", lost);
	return say("lost");
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "program", run_program },
						    { "library", run_library },
						    { "early", run_early },
						    { "plugin", run_plugin },
						    { "children", run_children },
						    { "dlerror", run_dlerror },
						    { NULL, NULL } };

	(void)argc;
	curl_global_init(CURL_GLOBAL_ALL);
	return victim_run(verbs, argv);
}
