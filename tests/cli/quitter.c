/* SPDX-License-Identifier: MIT */
/*
 * quitter.c - a program whose curl_easy_cleanup() hangs by itself: the FTP server that it
 * has fetched a file from does not answer QUIT.
 *
 * usage: quitter STATUS
 *
 * LOGINS connections, and libcurl waits a second on each: stock, the cleanup takes LOGINS
 * seconds. Exits with STATUS.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ftp_serve.h"

#define LOGINS 3

static void must(int ok, const char *step)
{
	if (ok)
		return;
	perror(step);
	exit(99);
}

static pid_t start_server(int *port)
{
	int listener = ftp_listen(port);

	must(listener != -1, "listen");
	pid_t pid = fork();
	must(pid != -1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ftp_serve(listener);
		_exit(99);
	}
	close(listener);
	return pid;
}

static size_t discard(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes, (void)data;
	return size * count;
}

static void fetch(int port)
{
	CURL *easy = curl_easy_init();
	char url[64];

	must(easy != NULL, "curl_easy_init");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(easy, CURLOPT_FTP_RESPONSE_TIMEOUT, 1L);
	for (int i = 1; i <= LOGINS; i++) {
		snprintf(url, sizeof(url), "ftp://reader%d@127.0.0.1:%d/notes", i, port);
		curl_easy_setopt(easy, CURLOPT_URL, url);
		must(curl_easy_perform(easy) == CURLE_OK, url);
	}
	curl_easy_cleanup(easy);
}

int main(int argc, char **argv)
{
	int port;

	must(argc == 2, "usage: quitter STATUS");
	pid_t server = start_server(&port);
	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "curl_global_init");
	fetch(port);
	curl_global_cleanup();
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return atoi(argv[1]);
}
