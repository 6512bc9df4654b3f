/* SPDX-License-Identifier: MIT */
/*
 * resolving.c - threads as libcurl's, and resolves that hang until let go.
 */
#include "resolving.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define PATIENCE_MS 5000

struct resolving_seen resolving_seen;
_Atomic int resolving_refused;

static struct gate gate;
static int threads_before;

static int resolve(const char *host, const char *service, const struct addrinfo *hints,
		   struct addrinfo **list)
{
	char byte;

	resolving_seen.thread = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &resolving_seen.mask);
	strncpy(resolving_seen.host, host, 63);
	strncpy(resolving_seen.service, service, 63);
	if (hints)
		resolving_seen.hints = *hints;
	resolving_seen.begun++;
	if (!strstr(host, "now.") && strcmp(host, "missing.example") != 0 &&
	    read(gate.fd, &byte, 1) != 1)
		abort();
	resolving_seen.ended++;
	if (strstr(host, "missing")) {
		errno = ENETDOWN;
		return EAI_SYSTEM;
	}
	*list = calloc(1, sizeof(**list));
	return 0;
}

static void release(struct addrinfo *list)
{
	free(list);
	resolving_seen.released++;
}

static int create(pthread_t *thread, const pthread_attr_t *attributes,
		  void *(*run)(void *), void *argument)
{
	if (resolving_refused == 0)
		return pthread_create(thread, attributes, run, argument);
	resolving_refused--;
	return EAGAIN;
}

const struct cf_resolver_real resolving_real = { create, resolve, release };

static int count_threads(void)
{
	DIR *threads = opendir("/proc/self/task");
	int count = -2; /* "." and ".." */

	while (threads && readdir(threads))
		count++;
	if (threads)
		closedir(threads);
	return count;
}

static void *do_nothing(void *nothing)
{
	return nothing;
}

void resolving_begin(void)
{
	pthread_t first; /* with which a sanitizer makes one of its own */

	gate = gate_shut();
	assert_int_equal(pthread_create(&first, NULL, do_nothing, NULL), 0);
	pthread_join(first, NULL);
	threads_before = count_threads();
}

static void once(struct resolving *resolving)
{
	const struct addrinfo hints = { .ai_family = 4711 };

	errno = EDOM;
	resolving->result = cf_resolver_resolve(&resolving_real, resolving->host, "80",
						&hints, &resolving->list);
	resolving->error = errno;
}

static void *run(void *data)
{
	struct resolving *resolving = data;
	char byte;

	if (resolving->start && read(resolving->start->fd, &byte, 1) != 1)
		abort();
	once(resolving);
	if (resolving->is_twice)
		once(resolving);
	pthread_sigmask(SIG_SETMASK, NULL, &resolving->mask);
	return resolving;
}

void resolving_start(struct resolving *resolving, const char *host, const void *owner)
{
	resolving->host = host;
	assert_int_equal(cf_resolver_create(&resolving_real, &resolving->thread, NULL,
					    run, resolving, owner),
			 0);
}

void resolving_hang(struct resolving *resolving, const char *host, const void *owner)
{
	int before = resolving_seen.begun;

	resolving_start(resolving, host, owner);
	assert_true(resolving_comes_to(&resolving_seen.begun, before + 1));
}

void resolving_let_go(int count)
{
	gate_open(&gate, count);
}

struct counted {
	const _Atomic int *counter;
	int count;
};

static bool has_come(void *argument)
{
	const struct counted *counted = argument;

	return *counted->counter == counted->count;
}

bool resolving_comes_to(const _Atomic int *counter, int count)
{
	struct counted counted = { counter, count };

	return unit_await(has_come, &counted, PATIENCE_MS);
}

static bool are_gone(void *nothing)
{
	(void)nothing;
	return count_threads() <= threads_before;
}

void resolving_await_end(void)
{
	assert_true(unit_await(are_gone, NULL, PATIENCE_MS));
}
