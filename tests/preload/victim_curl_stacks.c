/* SPDX-License-Identifier: MIT */
/*
 * victim_curl_stacks.c - programs that leave a cleanup of libcurl's otherwise than by its
 * return: by longjmp, by the end of their thread, for another coroutine.
 *
 *   jump         leave a cleanup by longjmp, then, deeper in the stack, clean up
 *                connections whose QUIT is answered after 50 ms: the shortest took number 0
 *                (ms)
 *   exit         end a thread in a cleanup; 4 s later at the latest there are number 0 more
 *                tasks than before
 *   scheduler    leave a cleanup for the scheduler of its coroutine, which sleeps for 1 s
 *                (call 0: result 0 when that was not interrupted)
 *   coroutines   a cleanup and a transfer, interleaved on two coroutines; then as `jump`
 */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "victim.h"
#include "victim_libcurl.h"

#define KEPT	    "http://127.0.0.1:8001/"
#define POLITE	    "ftp://127.0.0.1:2111/f"
#define DEEP	    (64 << 10)
#define STACK	    (512 << 10)
#define FOREVER_MS  100000
#define OVER_US	    300000 /* the deadline of a cleanup, and some */
#define GONE_WITHIN 4000   /* ms */

static jmp_buf before_cleanup;
static ucontext_t scheduler, coroutine[2];
static int current, is_armed;
static char *stacks;
static CURL *first, *second;

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

__attribute__((noinline)) static void clean_up_deeper(void)
{
	volatile char deep[DEEP];

	deep[0] = 1;
	CURL *easy = connected(POLITE, NULL);
	libcurl_begin(0);
	curl_easy_cleanup(easy);
	libcurl_end(0, 0);
	if (libcurl_ms(0) < victim_marks->number[0])
		victim_marks->number[0] = libcurl_ms(0);
	deep[DEEP - 1] = deep[0];
}

static int clean_up_two(void)
{
	usleep(OVER_US);
	victim_marks->number[0] = FOREVER_MS;
	clean_up_deeper();
	clean_up_deeper();
	return victim_leave(VICTIM_STATUS);
}

static int jump(void *data, curl_socket_t fd)
{
	(void)data;
	close(fd);
	longjmp(before_cleanup, 1);
}

static int run_jump(char **arguments)
{
	(void)arguments;
	CURL *volatile left = connected(KEPT, jump);
	if (setjmp(before_cleanup) == 0)
		curl_easy_cleanup(left);
	return clean_up_two();
}

static int count_tasks(void)
{
	DIR *directory = opendir("/proc/self/task");
	int count = 0;

	victim_need(directory != NULL, "/proc/self/task");
	for (struct dirent *entry; (entry = readdir(directory));)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

static int leave_the_thread(void *data, curl_socket_t fd)
{
	(void)data;
	close(fd);
	pthread_exit(NULL);
}

static void *clean_up_first(void *data)
{
	curl_easy_cleanup(first);
	return data;
}

static int run_exit(char **arguments)
{
	pthread_t thread;

	(void)arguments;
	first = connected(KEPT, leave_the_thread);
	int before = count_tasks();
	pthread_create(&thread, NULL, clean_up_first, NULL);
	pthread_join(thread, NULL);
	for (int i = 0; i < GONE_WITHIN && count_tasks() > before; i++)
		usleep(1000);
	victim_marks->number[0] = count_tasks() - before;
	return victim_leave(VICTIM_STATUS);
}

static void yield(void)
{
	swapcontext(&coroutine[current], &scheduler);
}

static void resume(int number)
{
	current = number;
	swapcontext(&scheduler, &coroutine[number]);
}

static int yield_once(void *data, curl_socket_t fd)
{
	(void)data;
	if (is_armed) {
		is_armed = 0;
		yield();
	}
	return close(fd);
}

static size_t yield_always(char *bytes, size_t size, size_t count, void *data)
{
	(void)bytes, (void)data;
	yield();
	return size * count;
}

static void clean_up_there(void)
{
	is_armed = 1;
	curl_easy_cleanup(first);
}

static void transfer_there(void)
{
	victim_need(curl_easy_perform(second) == CURLE_OK, "perform");
}

/* Both stacks lie above the thread's, and the cleanup's above the transfer's. */
static void make_coroutines(void)
{
	first = connected(KEPT, yield_once);
	libcurl_options.url = KEPT;
	second = libcurl_easy(0);
	curl_easy_setopt(second, CURLOPT_WRITEFUNCTION, yield_always);
	for (int i = 0; i < 2; i++) {
		getcontext(&coroutine[i]);
		coroutine[i].uc_stack.ss_sp = stacks + (i ? 0 : STACK);
		coroutine[i].uc_stack.ss_size = STACK;
		coroutine[i].uc_link = &scheduler;
		makecontext(&coroutine[i], i ? transfer_there : clean_up_there, 0);
	}
}

static void *schedule_a_sleep(void *data)
{
	make_coroutines();
	resume(0);
	victim_begin(0);
	victim_end(0, nanosleep(&(struct timespec){ 1, 0 }, NULL));
	resume(0);
	return data;
}

static void *schedule_two(void *data)
{
	make_coroutines();
	resume(0);
	resume(1);
	usleep(OVER_US);
	resume(0);
	resume(1);
	clean_up_two();
	return data;
}

static int run_on_a_thread(void *(*schedule)(void *))
{
	pthread_t thread;

	stacks = mmap(NULL, 2 * STACK, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	victim_need(stacks != MAP_FAILED, "mmap");
	pthread_create(&thread, NULL, schedule, NULL);
	pthread_join(thread, NULL);
	return victim_leave(VICTIM_STATUS);
}

static int run_scheduler(char **arguments)
{
	(void)arguments;
	return run_on_a_thread(schedule_a_sleep);
}

static int run_coroutines(char **arguments)
{
	(void)arguments;
	return run_on_a_thread(schedule_two);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "jump", run_jump },
						    { "exit", run_exit },
						    { "scheduler", run_scheduler },
						    { "coroutines", run_coroutines },
						    { NULL, NULL } };
	char *none[] = { NULL };

	(void)argc;
	libcurl_read(none);
	curl_global_init(CURL_GLOBAL_ALL);
	return victim_run(verbs, argv);
}
