/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_static.c - a program that knows nothing of libcurl, with a module that has one.
 *
 *   close MODULE COUNT    close a client with so many pending transfers (call 0), unload it.
 *                         Numbers: 0 sockets that had to be watched, 1 those still watched
 *                         afterwards, 2 callbacks on another thread
 *   transfer MODULE URL   connect and let go (call 0)
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "module_static.h"
#include "victim.h"

static void *load(const char *path)
{
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!module)
		fprintf(stderr, "%s\n", dlerror());
	victim_need(module != NULL, path);
	return module;
}

static void *find(void *module, const char *name)
{
	void *found = dlsym(module, name);

	victim_need(found != NULL, name);
	return found;
}

static int run_close(char **arguments)
{
	void *module = load(arguments[0]);
	int (*begin)(int) = (int (*)(int))find(module, "module_begin");
	struct module_seen (*end)(void) =
		(struct module_seen(*)(void))find(module, "module_close");

	victim_marks->number[0] = begin(atoi(arguments[1]));
	victim_begin(0);
	struct module_seen seen = end();
	victim_end(0, seen.result);
	victim_marks->number[1] = seen.watched;
	victim_marks->number[2] = seen.foreign;
	victim_need(dlclose(module) == 0, "dlclose");
	return victim_leave(VICTIM_STATUS);
}

static int run_transfer(char **arguments)
{
	void *module = load(arguments[0]);
	int (*transfer)(const char *) =
		(int (*)(const char *))find(module, "module_transfer");

	victim_begin(0);
	victim_end(0, transfer(arguments[1]));
	victim_need(dlclose(module) == 0, "dlclose");
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "close", run_close },
						    { "transfer", run_transfer },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
