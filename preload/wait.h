/* SPDX-License-Identifier: MIT */
#ifndef CF_WAIT_H
#define CF_WAIT_H

#include <netdb.h>
#include <poll.h>
#include <pthread.h>

#include "policy.h"
#include "resolver.h"

/*
 * wait.h - what libcurl waits for inside a cleanup ends with the scope: the story of one
 * wait.
 *
 * Floor 3. Each function is the one that it is named after, called by libcurl and no
 * other: `real` is what libcurl would have called, `frame` the frame address of the door.
 * Outside of a scope it is that real call. Times are counted in slices, so time in which
 * the process is stopped does not count. Results and errno are the real function's.
 */

/* Begin, once, with a policy that must outlive every call. */
void cf_wait_begin(const struct cf_policy *policy);

/* Past the instant, connected stream sockets among these are shut down, so that libcurl
   sees the end of the connection it waits on. */
int cf_wait_poll(int (*real)(struct pollfd *, nfds_t, int), struct pollfd *fds,
		 nfds_t count, int timeout_ms, const void *frame);

/* Past the instant, the resolve on that thread is cancelled, and the join is then short.
   In a transfer the same for a thread that an earlier call has made, or this one before its
   last poll: libcurl has given it up. Those that it means to wait for it joins at once.
   `caller` is the return address of the door: for a libcurl that nothing of is exported, and
   so in no call that anybody has seen, the resolve on a thread that is older than 50 ms is
   cancelled; the deadline is then one for all joins of this thread that are cut. */
int cf_wait_join(int (*real)(pthread_t, void **), pthread_t thread, void **value,
		 const void *caller, const void *frame);

/* Past the instant, the resolves that were begun for the handle are cancelled. May return
   early, as a condition wait may. */
int cf_wait_condition(int (*real)(pthread_cond_t *, pthread_mutex_t *),
		      pthread_cond_t *condition, pthread_mutex_t *mutex,
		      const void *frame);

/* A thread of libcurl's, made for the handle of the call that this thread is inside. */
int cf_wait_create(const struct cf_resolver_real *real, pthread_t *thread,
		   const pthread_attr_t *attributes, void *(*run)(void *), void *argument,
		   const void *frame);

#endif
