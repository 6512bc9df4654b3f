/* SPDX-License-Identifier: MIT */
#ifndef CF_RESOLVER_H
#define CF_RESOLVER_H

#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "clock.h"

/*
 * resolver.h - threads that libcurl makes, and name resolution that can be cancelled.
 *
 * Floor 2. A resolve on such a thread runs on a fresh one of that thread's making: it
 * has the same namespaces and credentials, and every signal blocked. libcurl's thread
 * can be told to stop waiting for it; the resolve then goes on by itself and its result
 * is freed. Not for signal handlers.
 */

#define CF_RESOLVER_MOST_ABANDONED 64

/* The functions that libcurl's slots held: they do the real work. */
struct cf_resolver_real {
	int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	int (*resolve)(const char *, const char *, const struct addrinfo *,
		       struct addrinfo **);
	void (*release)(struct addrinfo *);
};

/*
 * pthread_create() for libcurl: remember the thread, and `owner`, the handle inside whose
 * call it is made. Returns what real->create() returns. Without memory it is that alone.
 */
int cf_resolver_create(const struct cf_resolver_real *real, pthread_t *thread,
		       const pthread_attr_t *attributes, void *(*run)(void *),
		       void *argument, const void *owner);

/*
 * getaddrinfo() for libcurl.
 *
 * result  As getaddrinfo(3) with its errno; EAI_AGAIN when this thread was cancelled,
 *         before or while it waits. On a thread that is none of cf_resolver_create(), and
 *         when no other can be made, it is the plain call.
 */
int cf_resolver_resolve(const struct cf_resolver_real *real, const char *host,
			const char *service, const struct addrinfo *hints,
			struct addrinfo **result);

/*
 * Wait until the thread has come to its end, at most for `length_ns`. True when it has,
 * and at once for a thread that is not known (any more). Stores the instant of its birth.
 */
bool cf_resolver_await(pthread_t thread, int64_t length_ns, cf_instant *born);

/*
 * Cancel what this thread resolves, now and, for good, from now on.
 *
 * result  False when it is not known, when it resolves nothing (unless it is for good), or
 *         when 64 resolves have been abandoned and are still under way: nothing is
 *         cancelled then.
 * name    Gets the host that was being resolved, "" when none.
 */
bool cf_resolver_cancel(pthread_t thread, bool is_for_good, char *name, size_t room);

/* The same for every thread that was made inside a call on this handle. */
bool cf_resolver_cancel_owned(const void *owner, char *name, size_t room);

/* In a forked child these threads do not exist. */
void cf_resolver_after_fork(void);

#endif
