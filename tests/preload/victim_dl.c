/* SPDX-License-Identifier: MIT */
/*
 * victim_dl.c - a program that fetches functions by name, as language runtimes do. Each verb
 * says what it saw.
 *
 *   all LIBRARY       call each function of the marker library, fetched by name
 *   none              ask for functions of libcurl where there is none
 *   wrapped           ask for the name that wrapper_dlsym.c knows
 *   origin MODULE     have a module load a library by its own RUNPATH, and look behind it
 *   deep MODULE       load a module with RTLD_DEEPBIND
 *   space LIBRARY     load a library into a namespace of its own
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "victim.h"

static const char *const names[] = {
	"curl_easy_init",	    "curl_easy_duphandle",	"curl_multi_init",
	"curl_share_init",	    "curl_easy_setopt",		"curl_multi_setopt",
	"curl_share_setopt",	    "curl_easy_perform",	"curl_multi_add_handle",
	"curl_multi_perform",	    "curl_multi_poll",		"curl_multi_wait",
	"curl_multi_socket_action", "curl_multi_socket",	"curl_multi_socket_all",
	"curl_multi_info_read",	    "curl_multi_remove_handle", "curl_multi_cleanup",
	"curl_easy_cleanup",	    "curl_share_cleanup",	"curl_global_cleanup",
	"curl_easy_strerror",
};

/* What module_deep.c has, too. */
__attribute__((visibility("default"))) const char *whose(void);

const char *whose(void)
{
	return "program";
}

static void *load(const char *path, int flags)
{
	void *handle = dlopen(path, flags);

	if (!handle)
		fprintf(stderr, "%s\n", dlerror());
	victim_need(handle != NULL, path);
	return handle;
}

static void *find(void *handle, const char *name)
{
	void *found = dlsym(handle, name);

	victim_need(found != NULL, name);
	return found;
}

/* The marker's functions want nothing; those without an argument get none. */
static int is_called(void *handle, const char *name)
{
	void *(*function)(const void *) = (void *(*)(const void *))find(handle, name);
	const char *const *called = find(handle, "marker_called");
	const void *const *argument = find(handle, "marker_argument");
	int has_argument =
		strstr(name, "_init") == NULL && strstr(name, "global") == NULL;

	function(name);
	return *called && strcmp(*called, name) == 0 &&
	       (!has_argument || *argument == name);
}

static int run_all(char **arguments)
{
	void *handle = load(arguments[0], RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!is_called(handle, names[i]))
			printf("%s is another ", names[i]);
	}
	printf("all\n");
	fflush(stdout);
	return victim_leave(VICTIM_STATUS);
}

static void say_whether(void *handle, const char *what)
{
	dlerror();
	void *found = dlsym(handle, "curl_multi_cleanup");
	const char *error = dlerror();

	printf("%s:%s%s ", what, found ? " found" : "",
	       error && strstr(error, "undefined symbol: curl_multi_cleanup")
		       ? " undefined"
		       : "");
}

static int run_none(char **arguments)
{
	(void)arguments;
	say_whether(RTLD_DEFAULT, "default");
	say_whether(dlopen(NULL, RTLD_NOW), "program");
	say_whether(load("libc.so.6", RTLD_NOW), "libc");
	printf("%s\n", dlsym(RTLD_DEFAULT, "curl") ? "curl" : "no more");
	fflush(stdout);
	return victim_leave(VICTIM_STATUS);
}

static int run_wrapped(char **arguments)
{
	(void)arguments;
	printf("%s\n", dlsym(RTLD_DEFAULT, "name_of_the_wrapper") ? "known" : "unknown");
	fflush(stdout);
	return victim_leave(VICTIM_STATUS);
}

static int run_origin(char **arguments)
{
	void *module = load(arguments[0], RTLD_NOW | RTLD_LOCAL);
	void *(*load_there)(const char *) =
		(void *(*)(const char *))find(module, "module_load");
	void *(*next)(const char *) =
		(void *(*)(const char *))find(module, "module_next");

	printf("%s %s %s\n", load_there("libinner.so") ? "found" : "not found",
	       dlopen("libinner_of_nobody.so", RTLD_NOW) ? "found" : "not found",
	       next("module_load") ? "itself" : "not itself");
	fflush(stdout);
	return victim_leave(VICTIM_STATUS);
}

static int run_deep(char **arguments)
{
	void *module = load(arguments[0], RTLD_NOW | RTLD_DEEPBIND);
	const char *(*ask)(void) = (const char *(*)(void))find(module, "ask_whose");

	printf("%s\n", ask());
	fflush(stdout);
	return victim_leave(VICTIM_STATUS);
}

static int run_space(char **arguments)
{
	void *handle = dlmopen(LM_ID_NEWLM, arguments[0], RTLD_NOW);

	victim_need(handle != NULL, "dlmopen");
	printf("%s\n", is_called(handle, "curl_multi_cleanup") ? "its own" : "another");
	fflush(stdout);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = {
		{ "wrapped", run_wrapped },
		{ "all", run_all },
		{ "none", run_none },
		{ "origin", run_origin },
		{ "deep", run_deep },
		{ "space", run_space },
		{ NULL, NULL },
	};

	(void)argc;
	return victim_run(verbs, argv);
}
