/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_manners.c - programs on libcurl that do more during a cleanup than to wait.
 *
 *   jump              leave curl_easy_cleanup from its close callback by longjmp, then
 *                     transfer a name that takes 1 s (result in number 0), then clean up a
 *                     connection whose QUIT is answered after 50 ms (call 0)
 *   inside            transfer such a name from a close callback (number 0)
 *   own_poll          in a close callback poll a connection of our own for 600 ms, by
 *                     poll() (number 0) and as an extra fd of curl_multi_wait() (number 1);
 *                     number 2 is 1 when it is still connected afterwards
 *   at_exit           clean up in an atexit handler (call 0)
 *   other_thread      on a thread that has not made the handle (call 0)
 *   forked            in a forked child, a transfer with a pending name (call 0)
 *   sleeper           a close callback that sleeps for 7 s (call 0)
 *   jar FIFO          a cookie jar on a FIFO that nobody reads (call 0)
 *   futex             a close callback that waits for a lock for 700 ms (call 0)
 *   jump_sleep        leave a cleanup by longjmp, then sleep for 1 s (call 0: result 0 when
 *                     that was not interrupted)
 *   twice             curl_multi_cleanup (call 0) and once more (call 1)
 *   in_use            curl_share_cleanup while it is in use (call 0), and afterwards (call 1)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "victim.h"
#include "victim_libcurl.h"

#define MUTE   "ftp://127.0.0.1:2101/f"
#define POLITE "ftp://127.0.0.1:2111/f"
#define SLOW   "http://slow.test:8001/"

static jmp_buf before_cleanup;
static int is_armed; /* a data connection is closed by the same callback, before */
static CURL *easy;
static CURLM *multi;

static CURL *plain(const char *url)
{
	libcurl_options.url = url;
	return libcurl_easy(0);
}

static int transfer(const char *url)
{
	CURL *other = plain(url);
	int result = (int)curl_easy_perform(other);

	curl_easy_cleanup(other);
	return result;
}

/* A handle with an idle connection, whose closing calls on_close. */
static CURL *connected(const char *url, int (*on_close)(void *, curl_socket_t))
{
	CURL *other = plain(url);

	is_armed = 0;
	if (on_close)
		curl_easy_setopt(other, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	victim_need(curl_easy_perform(other) == CURLE_OK, url);
	is_armed = 1;
	return other;
}

static int jump(void *data, curl_socket_t fd)
{
	(void)data;
	if (!is_armed)
		return close(fd);
	is_armed = 0;
	longjmp(before_cleanup, 1);
}

static int run_jump(char **arguments)
{
	(void)arguments;
	CURL *volatile next = connected(POLITE, NULL);
	CURL *volatile left = connected(POLITE, jump);
	if (setjmp(before_cleanup) == 0)
		curl_easy_cleanup(left);
	victim_marks->number[0] = transfer(SLOW);
	victim_begin(0);
	curl_easy_cleanup(next);
	victim_end(0, 0);
	return victim_leave(VICTIM_STATUS);
}

static int transfer_inside(void *data, curl_socket_t fd)
{
	(void)data;
	if (is_armed)
		victim_marks->number[0] = transfer(SLOW);
	return close(fd);
}

static int run_inside(char **arguments)
{
	(void)arguments;
	victim_marks->number[0] = -1;
	easy = connected(POLITE, transfer_inside);
	curl_easy_cleanup(easy);
	return victim_leave(VICTIM_STATUS);
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	victim_need(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
		    "connect");
	return fd;
}

static int poll_our_own(void *data, curl_socket_t fd)
{
	struct pollfd own = { .events = POLLIN };
	struct curl_waitfd extra = { .events = CURL_WAIT_POLLIN };
	CURLM *other;
	int ready = -1;
	char byte;

	(void)data;
	if (!is_armed)
		return close(fd);
	own.fd = extra.fd = connect_to(8001);
	other = curl_multi_init();
	victim_marks->number[0] = poll(&own, 1, 600);
	curl_multi_wait(other, &extra, 1, 600, &ready);
	victim_marks->number[1] = ready;
	victim_marks->number[2] = recv(own.fd, &byte, 1, MSG_DONTWAIT) == -1 &&
				  errno == EAGAIN && send(own.fd, "G", 1, 0) == 1;
	curl_multi_cleanup(other);
	close(own.fd);
	return close(fd);
}

static int run_own_poll(char **arguments)
{
	(void)arguments;
	victim_marks->number[0] = -1;
	easy = connected(POLITE, poll_our_own);
	victim_begin(0);
	curl_easy_cleanup(easy);
	victim_end(0, 0);
	return victim_leave(VICTIM_STATUS);
}

static void clean_up(void)
{
	victim_begin(0);
	curl_easy_cleanup(easy);
	victim_end(0, 0);
}

static int run_at_exit(char **arguments)
{
	(void)arguments;
	atexit(clean_up);
	easy = connected(MUTE, NULL);
	return victim_leave(VICTIM_STATUS);
}

static void *clean_up_there(void *data)
{
	clean_up();
	return data;
}

static int run_other_thread(char **arguments)
{
	pthread_t thread;

	(void)arguments;
	easy = connected(MUTE, NULL);
	pthread_create(&thread, NULL, clean_up_there, NULL);
	pthread_join(thread, NULL);
	return victim_leave(VICTIM_STATUS);
}

static void perform_for_a_moment(const char *url)
{
	int running;

	multi = curl_multi_init();
	easy = plain(url);
	curl_multi_add_handle(multi, easy);
	for (int i = 0; i < 10; i++) {
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 20, NULL);
	}
}

static int run_forked(char **arguments)
{
	int status = -1;

	(void)arguments;
	perform_for_a_moment("http://dead/");
	pid_t child = fork();
	victim_need(child != -1, "fork");
	if (child == 0) {
		victim_begin(0);
		curl_multi_remove_handle(multi, easy);
		victim_end(0, 0);
		_exit(VICTIM_STATUS);
	}
	waitpid(child, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static int sleep_long(void *data, curl_socket_t fd)
{
	(void)data;
	if (is_armed)
		sleep(7);
	return close(fd);
}

static int clean_up_connected(int (*on_close)(void *, curl_socket_t))
{
	easy = connected("http://127.0.0.1:8001/", on_close);
	clean_up();
	return victim_leave(VICTIM_STATUS);
}

static int run_sleeper(char **arguments)
{
	(void)arguments;
	return clean_up_connected(sleep_long);
}

static int run_jar(char **arguments)
{
	easy = plain("http://127.0.0.1:8001/");
	curl_easy_setopt(easy, CURLOPT_COOKIEJAR, arguments[0]);
	victim_need(curl_easy_perform(easy) == CURLE_OK, "perform");
	curl_easy_setopt(easy, CURLOPT_COOKIELIST, "Set-Cookie: a=b; domain=live.test");
	clean_up();
	return victim_leave(VICTIM_STATUS);
}

static int wait_for_a_lock(void *data, curl_socket_t fd)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	struct timespec until;

	(void)data;
	if (!is_armed)
		return close(fd);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 700000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	victim_marks->number[0] = pthread_mutex_timedlock(&mutex, &until);
	return close(fd);
}

static int run_futex(char **arguments)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if (arguments[0]) /* "masked" */
		sigprocmask(SIG_BLOCK, &term, NULL);
	return clean_up_connected(wait_for_a_lock);
}

static int run_jump_sleep(char **arguments)
{
	(void)arguments;
	easy = connected("http://127.0.0.1:8001/", jump);
	if (setjmp(before_cleanup) == 0)
		curl_easy_cleanup(easy);
	victim_begin(0);
	victim_end(0, nanosleep(&(struct timespec){ 1, 0 }, NULL));
	return victim_leave(VICTIM_STATUS);
}

static int run_twice(char **arguments)
{
	(void)arguments;
	multi = curl_multi_init();
	for (int slot = 0; slot < 2; slot++) {
		victim_begin(slot);
		victim_end(slot, (int)curl_multi_cleanup(multi));
	}
	/* The address may come again: what lives there now is not the dead one. */
	for (int i = 0; i < 100; i++) {
		multi = curl_multi_init();
		victim_need(curl_multi_cleanup(multi) == CURLM_OK, "clean up a new one");
	}
	return victim_leave(VICTIM_STATUS);
}

static int run_in_use(char **arguments)
{
	CURLSH *share = curl_share_init();

	(void)arguments;
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	easy = plain(MUTE);
	curl_easy_setopt(easy, CURLOPT_SHARE, share);
	victim_marks->number[0] = curl_easy_perform(easy);
	victim_begin(0);
	victim_end(0, (int)curl_share_cleanup(share));
	curl_easy_cleanup(easy);
	victim_begin(1);
	victim_end(1, (int)curl_share_cleanup(share));
	return victim_leave(VICTIM_STATUS);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "jump", run_jump },
						    { "inside", run_inside },
						    { "own_poll", run_own_poll },
						    { "at_exit", run_at_exit },
						    { "other_thread", run_other_thread },
						    { "forked", run_forked },
						    { "sleeper", run_sleeper },
						    { "jar", run_jar },
						    { "futex", run_futex },
						    { "jump_sleep", run_jump_sleep },
						    { "twice", run_twice },
						    { "in_use", run_in_use },
						    { NULL, NULL } };
	char *none[] = { NULL };

	(void)argc;
	libcurl_read(none);
	curl_global_init(CURL_GLOBAL_ALL);
	return victim_run(verbs, argv);
}
