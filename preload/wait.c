/* SPDX-License-Identifier: MIT */
/*
 * wait.c - one wait of libcurl's, cut to what is left of the scope. Floor 3.
 */
#include "wait.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

#include "clock.h"
#include "events.h"
#include "facts.h"
#include "objects.h"
#include "raw.h"
#include "say.h"
#include "text.h"
#include "visit.h"

#define NAME_BYTES 64
#define NO_NAME	   "a name not asked for yet"
#define AT_ONCE	   (50 * CF_MS)

static const struct cf_policy *policy; /* set once, before any door is open */

void cf_wait_begin(const struct cf_policy *new_policy)
{
	policy = new_policy;
}

/* The scope that this thread is in; NULL when waits are none of our business. */
static struct cf_visit *scope_of(const void *frame)
{
	struct cf_visit *visit = cf_visit_now(frame);

	return visit->kind == CF_VISIT_CLEANUP ? visit : NULL;
}

/* How long to wait before looking again. */
static int64_t slice_until(cf_instant until)
{
	int64_t left = cf_clock_left(until);

	return left < CF_CLOCK_SLICE ? left : CF_CLOCK_SLICE;
}

/* A slice that began at *began is over, and the next one begins: give the time back in
   which we were stopped. */
static void count_slice(struct cf_visit *visit, cf_instant *began)
{
	cf_instant now = cf_clock_now();
	int64_t passed = now - *began;

	*began = now;
	if (visit->until != CF_NEVER)
		visit->until += cf_clock_stopped(passed, CF_CLOCK_SLICE);
	visit->waited_ns += passed;
}

static void name_peer(int fd, char *name)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} peer;
	socklen_t size = sizeof(peer);
	struct cf_text text;
	char host[INET6_ADDRSTRLEN] = "";
	in_port_t port = 0;

	cf_text_begin(&text, name, NAME_BYTES);
	if (cf_raw_call3(SYS_getpeername, fd, (long)&peer, (long)&size) < 0)
		return;
	if (peer.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &peer.in.sin_addr, host, sizeof(host));
		port = peer.in.sin_port;
	} else if (peer.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &peer.in6.sin6_addr, host, sizeof(host));
		port = peer.in6.sin6_port;
	}
	cf_text_add(&text, host[0] ? host : "a peer");
	cf_text_add(&text, ":");
	cf_text_add_number(&text, ntohs(port));
}

/* Whether the other end of a connection can be told that nobody listens any more. */
static bool is_connected_stream(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type), length = 0;

	return fd >= 0 &&
	       cf_raw_call(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, (long)&type,
			   (long)&size, 0) == 0 &&
	       type == SOCK_STREAM &&
	       cf_raw_call3(SYS_getpeername, fd, (long)&type, (long)&length) == 0;
}

static void hang_up(struct cf_visit *visit, const struct pollfd *fds, nfds_t count)
{
	char name[NAME_BYTES];

	for (nfds_t i = 0; i < count; i++) {
		if (!is_connected_stream(fds[i].fd))
			continue;
		name_peer(fds[i].fd, name);
		cf_visit_note_ended(visit, "answer of", name);
		cf_raw_call3(SYS_shutdown, fds[i].fd, SHUT_RDWR, 0);
	}
}

/* The scope that a poll is in; one in a transfer is noted. */
static struct cf_visit *note_poll(const void *frame)
{
	struct cf_visit *visit = cf_visit_now(frame);

	if (visit->kind == CF_VISIT_TRANSFER)
		visit->polled = cf_clock_now();
	return visit->kind == CF_VISIT_CLEANUP ? visit : NULL;
}

int cf_wait_poll(int (*real)(struct pollfd *, nfds_t, int), struct pollfd *fds,
		 nfds_t count, int timeout_ms, const void *frame)
{
	struct cf_visit *visit = note_poll(frame);
	cf_instant end = timeout_ms < 0 ? CF_NEVER : cf_clock_after(timeout_ms * CF_MS);

	if (!visit || timeout_ms == 0)
		return real(fds, count, timeout_ms);
	cf_instant began = cf_clock_now();
	for (;;) {
		int64_t left = cf_clock_left(end);
		int64_t slice = slice_until(
			left < cf_clock_left(visit->until) ? end : visit->until);
		int result = real(fds, count, (int)((slice + CF_MS - 1) / CF_MS));

		count_slice(visit, &began);
		if (result != 0 || cf_clock_left(end) == 0)
			return result;
		if (cf_clock_left(visit->until) == 0)
			break;
	}
	hang_up(visit, fds, count);
	int64_t left = cf_clock_left(end);
	return real(fds, count, left == CF_NEVER ? -1 : (int)(left / CF_MS));
}

/* Whether libcurl has given the thread up, in a transfer: those that it means to wait for it
   joins in the call that has made them, before any poll. */
static bool is_given_up(const struct cf_visit *visit, cf_instant born)
{
	return visit->kind == CF_VISIT_TRANSFER &&
	       (born <= visit->began || born <= visit->polled);
}

/* What is left for the thread's cleanups of a libcurl whose calls nobody sees. */
static int64_t left_unseen(void)
{
	int64_t length = policy->deadline_ns[CF_CLASS_CURL], used = *cf_visit_spent();

	return used < length ? length - used : 0;
}

static void report_unseen(const struct cf_visit *visit)
{
	cf_say_permit(cf_facts_may_write(2));
	cf_events_report(&(struct cf_event){
		.ending = CF_EVENT_COMPLETED,
		.call = "pthread_join",
		.class = cf_policy_class_name(CF_CLASS_CURL),
		.is_address = true,
		.name = visit->waited_for,
		.mount = "",
		.type = "libcurl",
		.deadline_ns = policy->deadline_ns[CF_CLASS_CURL],
		.waited_ns = visit->waited_ns,
	});
}

static void cancel(struct cf_visit *visit, pthread_t thread)
{
	char name[NAME_BYTES];

	if (cf_resolver_cancel(thread, visit->kind != CF_VISIT_NONE, name, sizeof(name)))
		cf_visit_note_ended(visit, "resolve of", name[0] ? name : NO_NAME);
}

/* Wait for the end of the thread, or cancel what it resolves. */
static void await_end(struct cf_visit *visit, pthread_t thread)
{
	cf_instant began = cf_clock_now(), born;

	for (;;) {
		bool is_over =
			cf_resolver_await(thread, slice_until(visit->until), &born);

		count_slice(visit, &began);
		if (is_over)
			break;
		pthread_testcancel(); /* as a join is */
		if (cf_clock_left(visit->until) == 0) {
			cancel(visit, thread);
			break;
		}
	}
}

/* A wait of its own, in a transfer. */
static void await_given_up(struct cf_visit *visit, pthread_t thread)
{
	int64_t length = policy->deadline_ns[CF_CLASS_CURL], before = visit->waited_ns;

	if (policy->mode == CF_MODE_ENFORCE && length != CF_NEVER)
		visit->until = cf_clock_after(length);
	await_end(visit, thread);
	visit->until = CF_NEVER;
	if (policy->mode == CF_MODE_OBSERVE && visit->waited_ns - before > length)
		visit->is_overdue = true;
}

/* Of a copy of libcurl whose calls nobody sees: a thread that it means to wait for it joins
   at once, so what is older has been given up. */
static void await_unseen(pthread_t thread, cf_instant born)
{
	struct cf_visit visit = { .until = CF_NEVER };

	if (policy->mode != CF_MODE_ENFORCE ||
	    policy->deadline_ns[CF_CLASS_CURL] == CF_NEVER ||
	    cf_clock_now() - born < AT_ONCE)
		return;
	visit.until = cf_clock_after(left_unseen());
	await_end(&visit, thread);
	if (visit.ended == 0) {
		*cf_visit_spent() = 0;
		return;
	}
	*cf_visit_spent() += visit.waited_ns;
	report_unseen(&visit);
}

int cf_wait_join(int (*real)(pthread_t, void **), pthread_t thread, void **value,
		 const void *caller, const void *frame)
{
	struct cf_visit *visit = cf_visit_now(frame);
	bool is_seen = visit->kind != CF_VISIT_NONE;
	cf_instant born = 0;

	if ((!is_seen && !cf_objects_is_hidden(caller)) ||
	    cf_resolver_await(thread, 0, &born))
		return real(thread, value);
	if (!is_seen)
		await_unseen(thread, born);
	else if (is_given_up(visit, born))
		await_given_up(visit, thread);
	else
		await_end(visit, thread);
	return real(thread, value);
}

int cf_wait_condition(int (*real)(pthread_cond_t *, pthread_mutex_t *),
		      pthread_cond_t *condition, pthread_mutex_t *mutex,
		      const void *frame)
{
	struct cf_visit *visit = scope_of(frame);
	char name[NAME_BYTES];
	struct timespec end;

	if (!visit)
		return real(condition, mutex);
	cf_instant began = cf_clock_now();
	cf_instant slice = began + slice_until(visit->until);
	if (slice > began) {
		end = (struct timespec){ slice / (1000 * CF_MS), slice % (1000 * CF_MS) };
		int error =
			pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &end);

		count_slice(visit, &began);
		return error == ETIMEDOUT ? 0 : error;
	}
	if (cf_resolver_cancel_owned(visit->handle, name, sizeof(name)) ||
	    (visit->inner != visit->handle &&
	     cf_resolver_cancel_owned(visit->inner, name, sizeof(name))))
		cf_visit_note_ended(visit, "resolve of", name[0] ? name : NO_NAME);
	return real(condition, mutex);
}

int cf_wait_create(const struct cf_resolver_real *real, pthread_t *thread,
		   const pthread_attr_t *attributes, void *(*run)(void *), void *argument,
		   const void *frame)
{
	const struct cf_visit *visit = cf_visit_now(frame);

	return cf_resolver_create(real, thread, attributes, run, argument,
				  visit->kind == CF_VISIT_NONE ? NULL : visit->handle);
}
