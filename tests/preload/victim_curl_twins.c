/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_twins.c - a program with one libcurl and a module with another.
 *
 *   twins MODULE   connect by both to an FTP server that never answers QUIT, and clean up:
 *                  our own handle (call 0), the module's (call 1)
 *
 * numbers 0 and 1: 1 when the close callback of each was called by libcurl.so and by
 * libcurl-gnutls.so
 */
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "module_gnutls.h"
#include "victim.h"
#include "victim_libcurl.h"

#define MUTE "ftp://127.0.0.1:2101/"

static const char *const flavours[] = { "libcurl.so", "libcurl-gnutls.so" };

static int on_close(void *data, curl_socket_t fd)
{
	int number = *(int *)data;
	Dl_info caller;

	victim_marks->number[number] =
		dladdr(__builtin_return_address(0), &caller) != 0 &&
		strstr(caller.dli_fname, flavours[number]) != NULL;
	return close(fd);
}

static int run_twins(char **arguments)
{
	static int numbers[] = { 0, 1 };
	void *module = dlopen(arguments[0], RTLD_NOW | RTLD_LOCAL);

	victim_need(module != NULL, arguments[0]);
	int (*connect)(const char *, curl_closesocket_callback, void *) =
		(int (*)(const char *, curl_closesocket_callback, void *))dlsym(
			module, "module_connect");
	void (*clean_up)(void) = (void (*)(void))dlsym(module, "module_clean_up");
	libcurl_options.url = MUTE;
	CURL *easy = libcurl_easy(0);
	curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &numbers[0]);
	victim_need(curl_easy_perform(easy) == CURLE_OK, "connect");
	victim_need(connect(MUTE, on_close, &numbers[1]) == CURLE_OK, "module");
	libcurl_begin(0);
	curl_easy_cleanup(easy);
	libcurl_end(0, 0);
	libcurl_begin(1);
	clean_up();
	libcurl_end(1, 0);
	dlclose(module);
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "twins", run_twins },
						    { NULL, NULL } };

	(void)argc;
	curl_global_init(CURL_GLOBAL_ALL);
	return victim_run(verbs, argv);
}
