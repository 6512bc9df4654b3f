/* SPDX-License-Identifier: MIT */
/*
 * door_wait.c - the doors for what libcurl waits in. They are exported to nobody: got.c
 * puts them into the slots of libcurls, so no other caller comes through. Floor 4.
 */
#include "entry.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "got.h"
#include "real.h"
#include "resolver.h"
#include "sockets.h"
#include "wait.h"

enum { CREATE, JOIN, CONDITION, RESOLVE, RELEASE, POLL, SOCKET, CLOSE, SLOTS };

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *),
			    void *);
typedef int join_function(pthread_t, void **);
typedef int condition_function(pthread_cond_t *, pthread_mutex_t *);
typedef int resolve_function(const char *, const char *, const struct addrinfo *,
			     struct addrinfo **);
typedef void release_function(struct addrinfo *);
typedef int poll_function(struct pollfd *, nfds_t, int);
typedef int socket_function(int, int, int);
typedef int close_function(int);

static struct cf_slot slots[SLOTS];

static void *held(int slot)
{
	return atomic_load_explicit(&slots[slot].held, memory_order_acquire);
}

static int held_create(pthread_t *thread, const pthread_attr_t *attributes,
		       void *(*run)(void *), void *argument)
{
	return ((create_function *)held(CREATE))(thread, attributes, run, argument);
}

static int held_resolve(const char *host, const char *service,
			const struct addrinfo *hints, struct addrinfo **list)
{
	return ((resolve_function *)held(RESOLVE))(host, service, hints, list);
}

static void held_release(struct addrinfo *list)
{
	release_function *release = (release_function *)held(RELEASE);

	(release ? release : freeaddrinfo)(list);
}

static const struct cf_resolver_real real = { held_create, held_resolve, held_release };

static int door_create(pthread_t *thread, const pthread_attr_t *attributes,
		       void *(*run)(void *), void *argument)
{
	if (!cf_entry_may_enter())
		return held_create(thread, attributes, run, argument);
	return cf_wait_create(&real, thread, attributes, run, argument, CF_FRAME);
}

static int door_join(pthread_t thread, void **value)
{
	join_function *join = (join_function *)held(JOIN);

	if (!cf_entry_may_enter())
		return join(thread, value);
	return cf_wait_join(join, thread, value, CF_CALLER, CF_FRAME);
}

static int door_condition(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
	condition_function *wait = (condition_function *)held(CONDITION);

	if (!cf_entry_may_enter())
		return wait(condition, mutex);
	return cf_wait_condition(wait, condition, mutex, CF_FRAME);
}

static int door_resolve(const char *host, const char *service,
			const struct addrinfo *hints, struct addrinfo **list)
{
	if (!cf_entry_may_enter())
		return held_resolve(host, service, hints, list);
	return cf_resolver_resolve(&real, host, service, hints, list);
}

static int door_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	poll_function *wait = (poll_function *)held(POLL);

	if (!cf_entry_may_enter())
		return wait(fds, count, timeout_ms);
	return cf_wait_poll(wait, fds, count, timeout_ms, CF_FRAME);
}

static int door_socket(int domain, int type, int protocol)
{
	int fd = ((socket_function *)held(SOCKET))(domain, type, protocol);

	cf_sockets_note_made(fd);
	return fd;
}

/* What cannot linger needs no look; unless another preload stands in front of us. */
static int door_close(int fd)
{
	close_function *next = (close_function *)held(CLOSE);

	if (next == cf_door_close && cf_sockets_take(fd))
		next = cf_real_close;
	return next(fd);
}

void cf_door_wait_begin(void)
{
	slots[CREATE] = (struct cf_slot){ "pthread_create", (void *)door_create, NULL };
	slots[JOIN] = (struct cf_slot){ "pthread_join", (void *)door_join, NULL };
	slots[CONDITION] =
		(struct cf_slot){ "pthread_cond_wait", (void *)door_condition, NULL };
	slots[RESOLVE] = (struct cf_slot){ "getaddrinfo", (void *)door_resolve, NULL };
	slots[RELEASE] = (struct cf_slot){ "freeaddrinfo", NULL, NULL };
	slots[SOCKET] = (struct cf_slot){ "socket", (void *)door_socket, NULL };
	slots[CLOSE] = (struct cf_slot){ "close", (void *)door_close, NULL };
	slots[POLL] = (struct cf_slot){ "poll", (void *)door_poll, NULL };
	cf_got_begin(slots, SLOTS);
}
