/* SPDX-License-Identifier: MIT */
/*
 * scope.c - the flow of a library cleanup. Floor 3.
 *
 * A scope is a visit with an instant: the outermost cleanup call of a thread opens it,
 * and what is called from inside shares it. N handles do not cost N deadlines: what the
 * cleanups of one multi have waited is charged to it, and for handles without a multi to
 * the thread, until something of it completes.
 */
#include "scope.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "events.h"
#include "facts.h"
#include "fork.h"
#include "handout.h"
#include "objects.h"
#include "resolver.h"
#include "say.h"
#include "watchdog.h"

static const struct cf_policy *policy; /* set once, before any door is open */
static _Atomic bool is_watched;

#define PLACE_BYTES 64

/* In a forked child there is one thread, in no call of libcurl's. */
static void drop_the_parents(void)
{
	cf_visit_after_fork();
	cf_objects_after_fork();
	cf_handout_after_fork();
	cf_resolver_after_fork();
	cf_watchdog_after_fork();
}

void cf_scope_begin(const struct cf_policy *new_policy)
{
	policy = new_policy;
	cf_fork_on_child(drop_the_parents);
}

cf_function cf_scope_real(const struct cf_scope *scope)
{
	cf_function chosen = cf_handout_take(scope->function);
	const void *maker =
		scope->handle ? cf_handles_maker(scope->kind, (uintptr_t)scope->handle)
			      : NULL;

	if (chosen)
		return chosen;
	return cf_objects_function(scope->function, maker ? maker : scope->caller);
}

void cf_scope_note_birth(enum cf_handle_kind kind, const void *handle, const void *caller,
			 cf_function real)
{
	struct cf_handle born = { .kind = kind,
				  .id = (uintptr_t)handle,
				  .maker = (const void *)real,
				  .is_born = !cf_objects_is_curl(caller) };

	if (!handle)
		return;
	born.seen = cf_clock_now();
	cf_handles_add(&born);
}

void cf_scope_note_use(const struct cf_scope *scope)
{
	cf_handles_unbury(scope->kind, (uintptr_t)scope->handle);
}

void cf_scope_forget(const struct cf_scope *scope)
{
	struct cf_handle handle;

	cf_handles_take(scope->kind, (uintptr_t)scope->handle, &handle);
}

/* Whoever uses a handle has it: a mark of its end is one of an earlier at that address. */
static struct cf_handle first_use(enum cf_handle_kind kind, const void *handle)
{
	struct cf_handle known;

	if (cf_handles_find(kind, (uintptr_t)handle, &known) && !known.is_gone)
		return known;
	known = (struct cf_handle){ .kind = kind, .id = (uintptr_t)handle };
	known.seen = cf_clock_now();
	cf_handles_add(&known);
	return known;
}

void cf_scope_note_owner(const void *easy, const void *multi, const void *caller)
{
	struct cf_handle known;

	if (!easy || cf_objects_is_curl(caller))
		return; /* a private multi of libcurl's */
	known = first_use(CF_HANDLE_EASY, easy);
	known.owner = (uintptr_t)multi;
	cf_handles_add(&known);
}

void cf_scope_note_complete(enum cf_handle_kind kind, const void *handle)
{
	*cf_visit_spent() = 0;
	cf_handles_set_waited(kind, (uintptr_t)handle, 0);
}

static void report(const struct cf_scope *scope, const struct cf_visit *visit,
		   enum cf_event_ending ending, int result)
{
	struct cf_event event = {
		.ending = ending,
		.call = cf_objects_name(scope->function),
		.class = cf_policy_class_name(CF_CLASS_CURL),
		.address = scope->handle,
		.is_address = true,
		.name = visit->waited_for,
		.mount = "",
		.type = "libcurl",
		.deadline_ns = policy->deadline_ns[CF_CLASS_CURL],
		.waited_ns = visit->waited_ns,
		.result = result,
		.is_observed =
			ending == CF_EVENT_COMPLETED && policy->mode == CF_MODE_OBSERVE,
	};

	if (ending != CF_EVENT_FINISHED)
		cf_say_permit(cf_facts_may_write(2));
	cf_events_report(&event);
}

/* The multi that a cleanup is charged to; 0 for the thread. */
static uintptr_t payer(const struct cf_scope *scope)
{
	uintptr_t owner = scope->taken.owner;
	struct cf_handle multi;

	if (scope->kind == CF_HANDLE_MULTI)
		return (uintptr_t)scope->handle;
	return owner && cf_handles_find(CF_HANDLE_MULTI, owner, &multi) ? owner : 0;
}

static int64_t spent(const struct cf_scope *scope)
{
	struct cf_handle multi;
	uintptr_t id = payer(scope);

	if (id == scope->taken.id && scope->kind == CF_HANDLE_MULTI)
		return scope->taken.waited_ns;
	if (id)
		return cf_handles_find(CF_HANDLE_MULTI, id, &multi) ? multi.waited_ns : 0;
	return *cf_visit_spent();
}

static void charge(const struct cf_scope *scope, int64_t waited_ns)
{
	uintptr_t id = payer(scope);

	if (waited_ns == 0)
		return;
	if (id)
		cf_handles_set_waited(CF_HANDLE_MULTI, id, spent(scope) + waited_ns);
	else
		*cf_visit_spent() += waited_ns;
}

static void watch(struct cf_scope *scope, struct cf_visit *visit)
{
	visit->watch = cf_watchdog_enter(&(struct cf_watch){
		.call = visit->call,
		.handle = visit->handle,
		.deadline_ns = policy->deadline_ns[CF_CLASS_CURL],
		.began = visit->began,
		.until = visit->until,
		.frame = scope->frame,
		.mark = visit->mark,
		.marked = visit->marked,
	});
	scope->watch = visit->watch;
}

static void open(struct cf_scope *scope, struct cf_visit *visit)
{
	int64_t length = policy->deadline_ns[CF_CLASS_CURL];
	int64_t used = spent(scope);

	if (length != CF_NEVER)
		length = used < length ? length - used : 0;
	cf_instant now = cf_clock_now();
	scope->mark = (uint64_t)now ^ (uintptr_t)scope;
	*visit = (struct cf_visit){
		.kind = CF_VISIT_CLEANUP,
		.call = cf_objects_name(scope->function),
		.frame = scope->frame,
		.handle = scope->handle,
		.inner = scope->handle,
		.began = now,
		.mark = &scope->mark,
		.marked = scope->mark,
		.until = CF_NEVER,
	};
	if (policy->mode != CF_MODE_ENFORCE || length == CF_NEVER)
		return;
	visit->until = visit->began + length;
	if (atomic_load_explicit(&is_watched, memory_order_relaxed))
		watch(scope, visit);
}

void cf_scope_watch(void)
{
	if (!atomic_load_explicit(&is_watched, memory_order_relaxed))
		atomic_store(&is_watched, true);
}

/* Out of the table before its cleanup starts. False when it is there as a dead one. */
static bool take(struct cf_scope *scope, bool is_inside)
{
	struct cf_handle *taken = &scope->taken;

	if (!cf_handles_take(scope->kind, (uintptr_t)scope->handle, taken)) {
		*taken = (struct cf_handle){ .kind = scope->kind,
					     .id = (uintptr_t)scope->handle };
		taken->seen = cf_clock_now();
		return true;
	}
	if (taken->is_gone && !is_inside) {
		cf_handles_bury(taken);
		return false;
	}
	if (taken->is_born && !is_inside)
		cf_handles_bury(taken); /* before the call: its address may come again */
	return true;
}

/* A cleanup that was left by longjmp is not watched any more. */
static void drop_watch(struct cf_visit *visit)
{
	char place[PLACE_BYTES];

	if (visit->kind != CF_VISIT_NONE)
		return;
	cf_watchdog_leave(visit->watch, place, sizeof(place));
	visit->watch = 0;
}

bool cf_scope_enter(struct cf_scope *scope, bool is_last)
{
	static const struct cf_visit none;
	struct cf_visit *visit = cf_visit_now(scope->frame);
	bool is_inside = cf_objects_is_curl(scope->caller);

	drop_watch(visit);
	scope->before = *visit;
	if (is_last && scope->handle && !take(scope, is_inside)) {
		report(scope, &none, CF_EVENT_DOUBLE, 0);
		if (policy->mode != CF_MODE_OBSERVE)
			return false;
	}
	/* What libcurl does of itself within a transfer is part of the transfer. */
	scope->is_outermost = visit->kind == CF_VISIT_NONE ||
			      (visit->kind == CF_VISIT_TRANSFER && !is_inside);
	if (scope->is_outermost)
		open(scope, visit);
	else
		visit->inner = scope->handle;
	return true;
}

static void close_scope(struct cf_scope *scope, struct cf_visit *visit, int result)
{
	bool is_over = visit->ended > 0;

	if (policy->mode == CF_MODE_OBSERVE &&
	    visit->waited_ns > policy->deadline_ns[CF_CLASS_CURL])
		is_over = true;
	if (is_over)
		charge(scope, visit->waited_ns);
	report(scope, visit, is_over ? CF_EVENT_COMPLETED : CF_EVENT_FINISHED, result);
}

/* The visit that this scope has begun; NULL when there is another instead: one that a
   longjmp has left in a deeper frame is over, one of another coroutine stays. */
static struct cf_visit *own_visit(const struct cf_scope *scope)
{
	struct cf_visit *visit = cf_visit_last();

	if (visit->kind != CF_VISIT_NONE && visit->frame == scope->frame)
		return visit;
	if (visit->frame < scope->frame)
		cf_visit_now(scope->frame);
	return NULL;
}

/* All of it was in the program's own code. */
static void note_stirred(struct cf_visit *visit, const char *place)
{
	cf_visit_note_ended(visit, "sleep in", place);
	visit->waited_ns = cf_clock_now() - visit->began;
}

void cf_scope_leave(struct cf_scope *scope, int result, bool is_refused)
{
	char place[PLACE_BYTES];
	struct cf_visit *visit = cf_visit_last();
	int error = errno;

	if (is_refused && scope->taken.id) {
		scope->taken.is_gone = false;
		cf_handles_add(&scope->taken);
	}
	if (scope->is_outermost) {
		bool is_stirred = cf_watchdog_leave(scope->watch, place, sizeof(place));

		if (own_visit(scope)) {
			if (is_stirred)
				note_stirred(visit, place);
			close_scope(scope, visit, result);
			*visit = scope->before;
		}
	} else if (visit->kind != CF_VISIT_NONE) {
		visit->inner = scope->before.inner;
	}
	errno = error;
}

void cf_scope_enter_transfer(struct cf_scope *scope)
{
	struct cf_visit *visit = cf_visit_now(scope->frame);

	scope->is_outermost =
		!cf_objects_is_curl(scope->caller) || visit->kind == CF_VISIT_NONE;
	if (!scope->is_outermost)
		return;
	if (scope->handle)
		first_use(scope->kind, scope->handle);
	drop_watch(visit);
	scope->before = *visit;
	scope->entered = cf_clock_now();
	if (visit->kind == CF_VISIT_CLEANUP)
		cf_watchdog_move(visit->watch, CF_NEVER);
	*visit = (struct cf_visit){
		.kind = CF_VISIT_TRANSFER,
		.call = cf_objects_name(scope->function),
		.frame = scope->frame,
		.handle = scope->handle,
		.inner = scope->handle,
		.began = scope->entered,
		.until = CF_NEVER,
	};
}

void cf_scope_leave_transfer(struct cf_scope *scope, int result)
{
	struct cf_visit *visit = cf_visit_last();

	if (!scope->is_outermost || !own_visit(scope))
		return;
	if (visit->ended > 0 || visit->is_overdue)
		report(scope, visit, CF_EVENT_COMPLETED, result);
	*visit = scope->before;
	if (visit->kind != CF_VISIT_CLEANUP || visit->until == CF_NEVER)
		return;
	visit->until += cf_clock_now() - scope->entered;
	cf_watchdog_move(visit->watch, visit->until);
}
