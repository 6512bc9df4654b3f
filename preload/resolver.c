/* SPDX-License-Identifier: MIT */
/*
 * resolver.c - threads of libcurl's, and the resolves under way on them. Floor 2.
 *
 * Two records: a `worker` is a thread of libcurl's, from its making to its end. A
 * `resolve` belongs to the fresh thread that makes the call and to the worker that waits
 * for it; whoever comes second to its state frees it. Their memory is our own, never
 * given back to the kernel, so a wake-up that comes late hits nobody else.
 */
#include "resolver.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "futex.h"
#include "layout.h"
#include "lock.h"
#include "pool.h"
#include "raw.h"
#include "scarce.h"
#include "text.h"

#define PATIENCE (200 * CF_MS)

enum { RUNNING, DONE, CANCELLED };

struct resolve {
	_Atomic int state;
	_Atomic int holders; /* the fresh thread and the worker: the last frees it */
	int result, error;
	const struct cf_resolver_real *real;
	struct addrinfo hints, *list;
	bool has_hints;
	const char *host, *service; /* behind this record, or NULL */
	size_t size;
};

struct worker {
	struct worker *next;
	pthread_t thread;
	const void *owner;
	cf_instant born;
	void *(*run)(void *);
	void *argument;
	_Atomic int is_over; /* its function has returned                  */
	int watchers;	     /* who look at it meanwhile: it is kept for them */
	bool is_named;	     /* `thread` is known                          */
	bool is_cancelled;
	struct resolve *resolve; /* that it waits for                 */
};

static struct cf_lock lock; /* of everything below */
static CF_TABLE struct cf_pool pool;
static struct worker *workers;
static _Atomic int abandoned;
static _Atomic int fresh; /* threads of ours that resolve                       */
static __thread struct worker *self;

static void *get(size_t size)
{
	void *piece = NULL;

	if (cf_lock_take(&lock)) {
		piece = cf_pool_get(&pool, size);
		cf_lock_release(&lock);
	}
	if (piece)
		memset(piece, 0, size);
	return piece;
}

static void put(void *piece, size_t size)
{
	if (cf_lock_take(&lock)) {
		cf_pool_put(&pool, piece, size);
		cf_lock_release(&lock);
	}
}

static void let_go(struct resolve *resolve)
{
	if (atomic_fetch_sub(&resolve->holders, 1) == 1)
		put(resolve, resolve->size);
}

static void free_if_unused(struct worker *worker)
{
	if (atomic_load(&worker->is_over) && worker->watchers == 0)
		cf_pool_put(&pool, worker, sizeof(*worker));
}

/* Its thread has come to the end of its function, or was never made. */
static void strike(void *data)
{
	struct worker *worker = data;
	struct worker **link = &workers;

	if (self == worker)
		self = NULL;
	if (!cf_lock_take(&lock)) {
		atomic_store(&worker->is_over, 1);
		cf_futex_wake(&worker->is_over);
		return;
	}
	while (*link && *link != worker)
		link = &(*link)->next;
	if (*link)
		*link = worker->next;
	atomic_store(&worker->is_over, 1);
	cf_futex_wake(&worker->is_over);
	free_if_unused(worker);
	cf_lock_release(&lock);
}

static void *run_worker(void *data)
{
	struct worker *worker = data;
	void *result;

	if (cf_lock_take(&lock)) {
		worker->thread = pthread_self();
		worker->is_named = true;
		cf_lock_release(&lock);
	}
	self = worker;
	pthread_cleanup_push(strike, worker);
	result = worker->run(worker->argument);
	pthread_cleanup_pop(1);
	return result;
}

/* At a limit of threads it may be ours that stand in the way. */
static int create(const struct cf_resolver_real *real, pthread_t *thread,
		  const pthread_attr_t *attributes, struct worker *worker)
{
	cf_instant end = cf_clock_after(PATIENCE);
	struct timespec moment = { 0, CF_MS };
	int error;

	while ((error = real->create(thread, attributes, run_worker, worker)) == EAGAIN &&
	       atomic_load(&fresh) > 0 && cf_clock_left(end) > 0) {
		cf_scarce_note();
		cf_raw_call3(SYS_nanosleep, (long)&moment, 0, 0);
	}
	return error;
}

int cf_resolver_create(const struct cf_resolver_real *real, pthread_t *thread,
		       const pthread_attr_t *attributes, void *(*run)(void *),
		       void *argument, const void *owner)
{
	struct worker *worker = get(sizeof(*worker));

	if (!worker || !cf_lock_take(&lock))
		return real->create(thread, attributes, run, argument);
	*worker = (struct worker){ .next = workers,
				   .owner = owner,
				   .born = cf_clock_now(),
				   .run = run,
				   .argument = argument,
				   .watchers = 1 };
	workers = worker;
	cf_lock_release(&lock);
	int error = create(real, thread, attributes, worker);
	if (error)
		strike(worker);
	if (cf_lock_take(&lock)) {
		if (!error && !worker->is_named)
			worker->thread = *thread;
		worker->is_named = true;
		worker->watchers--;
		free_if_unused(worker);
		cf_lock_release(&lock);
	}
	return error;
}

static struct worker *worker_of(pthread_t thread)
{
	struct worker *worker = workers;

	while (worker && !(worker->is_named && pthread_equal(worker->thread, thread)))
		worker = worker->next;
	return worker;
}

bool cf_resolver_await(pthread_t thread, int64_t length_ns, cf_instant *born)
{
	if (!cf_lock_take(&lock))
		return true;
	struct worker *worker = worker_of(thread);
	if (worker) {
		*born = worker->born;
		worker->watchers++;
	}
	cf_lock_release(&lock);
	if (!worker)
		return true;
	cf_futex_wait(&worker->is_over, 0, length_ns);
	bool is_over = atomic_load(&worker->is_over);
	if (cf_lock_take(&lock)) {
		worker->watchers--;
		free_if_unused(worker);
		cf_lock_release(&lock);
	}
	return is_over;
}

/* With the lock held. */
static bool cancel(struct worker *worker, bool is_for_good, char *name, size_t room)
{
	struct resolve *resolve = worker->resolve;
	int running = RUNNING;
	struct cf_text text;

	if (atomic_load(&abandoned) >= CF_RESOLVER_MOST_ABANDONED)
		return false;
	worker->is_cancelled |= is_for_good;
	if (!resolve)
		return is_for_good;
	cf_text_begin(&text, name, room);
	cf_text_add_printable(&text, resolve->host ? resolve->host : "");
	atomic_fetch_add(&abandoned, 1);
	if (atomic_compare_exchange_strong(&resolve->state, &running, CANCELLED))
		cf_futex_wake(&resolve->state);
	else
		atomic_fetch_sub(&abandoned, 1);
	return true;
}

bool cf_resolver_cancel(pthread_t thread, bool is_for_good, char *name, size_t room)
{
	name[0] = '\0';
	if (!cf_lock_take(&lock))
		return false;
	struct worker *worker = worker_of(thread);
	bool is_cancelled = worker && cancel(worker, is_for_good, name, room);
	cf_lock_release(&lock);
	return is_cancelled;
}

bool cf_resolver_cancel_owned(const void *owner, char *name, size_t room)
{
	bool is_cancelled = false;

	name[0] = '\0';
	if (!owner || !cf_lock_take(&lock))
		return false;
	for (struct worker *worker = workers; worker; worker = worker->next) {
		if (worker->owner == owner && cancel(worker, true, name, room))
			is_cancelled = true;
	}
	cf_lock_release(&lock);
	return is_cancelled;
}

static const char *copy(char **to, const char *string)
{
	char *copied = *to;

	if (!string)
		return NULL;
	*to = stpcpy(copied, string) + 1;
	return copied;
}

static struct resolve *prepare(const struct cf_resolver_real *real, const char *host,
			       const char *service, const struct addrinfo *hints)
{
	size_t size = sizeof(struct resolve) + (host ? strlen(host) + 1 : 0) +
		      (service ? strlen(service) + 1 : 0);
	struct resolve *resolve = get(size);

	if (!resolve)
		return NULL;
	char *names = (char *)(resolve + 1);
	atomic_store(&resolve->holders, 2);
	resolve->real = real;
	resolve->size = size;
	resolve->host = copy(&names, host);
	resolve->service = copy(&names, service);
	resolve->has_hints = hints != NULL;
	if (hints)
		resolve->hints = *hints;
	return resolve;
}

/* The fresh thread. */
static void *make(void *data)
{
	struct resolve *resolve = data;
	int running = RUNNING;

	resolve->result = resolve->real->resolve(
		resolve->host, resolve->service,
		resolve->has_hints ? &resolve->hints : NULL, &resolve->list);
	resolve->error = errno;
	atomic_fetch_sub(&fresh, 1);
	if (atomic_compare_exchange_strong(&resolve->state, &running, DONE)) {
		cf_futex_wake(&resolve->state);
		let_go(resolve);
		return NULL;
	}
	if (resolve->result == 0)
		resolve->real->release(resolve->list);
	let_go(resolve);
	atomic_fetch_sub(&abandoned, 1);
	return NULL;
}

static bool start(struct resolve *resolve)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;

	if (cf_scarce_threads() || pthread_attr_init(&attributes) != 0)
		return false;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	atomic_fetch_add(&fresh, 1);
	int error = resolve->real->create(&thread, &attributes, make, resolve);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error)
		atomic_fetch_sub(&fresh, 1);
	return error == 0;
}

/* False when this worker has been cancelled. */
static bool note(struct resolve *resolve)
{
	bool is_cancelled = false;

	if (cf_lock_take(&lock)) {
		is_cancelled = self->is_cancelled;
		if (!is_cancelled || !resolve)
			self->resolve = resolve;
		cf_lock_release(&lock);
	}
	return !is_cancelled;
}

/* The fresh thread is at it: wait for it, or for the word to leave it alone. */
static int await(struct resolve *resolve, struct addrinfo **list)
{
	int state;

	while ((state = atomic_load(&resolve->state)) == RUNNING)
		cf_futex_wait(&resolve->state, RUNNING, CF_NEVER);
	note(NULL);
	if (state == CANCELLED) {
		let_go(resolve);
		return EAI_AGAIN;
	}
	int result = resolve->result;
	if (result == 0)
		*list = resolve->list;
	int error = resolve->error;
	let_go(resolve);
	errno = error;
	return result;
}

int cf_resolver_resolve(const struct cf_resolver_real *real, const char *host,
			const char *service, const struct addrinfo *hints,
			struct addrinfo **list)
{
	struct resolve *resolve = self ? prepare(real, host, service, hints) : NULL;

	if (!resolve)
		return real->resolve(host, service, hints, list);
	if (!note(resolve)) {
		put(resolve, resolve->size);
		return EAI_AGAIN;
	}
	if (start(resolve))
		return await(resolve, list);
	note(NULL);
	bool is_cancelled = atomic_load(&resolve->state) == CANCELLED;
	put(resolve, resolve->size);
	if (!is_cancelled)
		return real->resolve(host, service, hints, list);
	atomic_fetch_sub(&abandoned, 1);
	return EAI_AGAIN;
}

void cf_resolver_after_fork(void)
{
	lock = (struct cf_lock){ 0 };
	pool = (struct cf_pool){ 0 };
	workers = NULL;
	self = NULL;
	atomic_store(&abandoned, 0);
	atomic_store(&fresh, 0);
}
