/* SPDX-License-Identifier: MIT */
/*
 * scoped.c - calls of libcurl as its doors make them, and what they report.
 */
#include "scoped.h"

#include <string.h>

#include "fork.h"
#include "unit.h"

#define DEEPEST 8

void __wrap_cf_events_report(const struct cf_event *event);
bool __wrap_cf_objects_is_curl(const void *address);
cf_function __wrap_cf_objects_function(enum cf_curl_function function,
				       const void *address);

struct scoped_seen scoped_seen;
struct cf_policy scoped_policy;

static char stack[DEEPEST + 1];
static char callers[2];

const void *scoped_address(enum scoped_caller caller)
{
	return &callers[caller];
}

void __wrap_cf_events_report(const struct cf_event *event)
{
	scoped_seen.reports++;
	scoped_seen.event = *event;
	strncpy(scoped_seen.name, event->name, sizeof(scoped_seen.name) - 1);
}

bool __wrap_cf_objects_is_curl(const void *address)
{
	return address == scoped_address(SCOPED_LIBCURL);
}

cf_function __wrap_cf_objects_function(enum cf_curl_function function,
				       const void *address)
{
	scoped_seen.function = function;
	scoped_seen.asker = address;
	return scoped_maker;
}

int scoped_begin(void **state)
{
	(void)state;
	cf_policy_defaults(&scoped_policy);
	scoped_policy.deadline_ns[CF_CLASS_CURL] = SCOPED_DEADLINE_MS * CF_MS;
	if (!cf_fork_begin())
		return -1;
	cf_scope_begin(&scoped_policy);
	return 0;
}

struct cf_scope scoped_call(enum cf_curl_function function, enum cf_handle_kind kind,
			    const void *handle, enum scoped_caller caller, int depth)
{
	return (struct cf_scope){ .function = function,
				  .kind = kind,
				  .handle = handle,
				  .caller = scoped_address(caller),
				  .frame = &stack[DEEPEST - depth] };
}

struct cf_visit *scoped_visit(int depth)
{
	return cf_visit_now(&stack[DEEPEST - depth]);
}

void scoped_maker(void)
{
}

void scoped_bear(enum cf_handle_kind kind, const void *handle, enum scoped_caller caller)
{
	cf_scope_note_birth(kind, handle, scoped_address(caller), scoped_maker);
}

int64_t scoped_clean_up(enum cf_curl_function function, enum cf_handle_kind kind,
			const void *handle, int64_t waits_ms)
{
	struct cf_scope scope = scoped_call(function, kind, handle, SCOPED_PROGRAM, 0);
	struct cf_visit *visit = scoped_visit(1);

	assert_true(cf_scope_enter(&scope, function != CF_CURL_MULTI_REMOVE_HANDLE));
	assert_int_equal(visit->kind, CF_VISIT_CLEANUP);
	assert_true(visit->until >= visit->began);
	int64_t length_ns =
		visit->until == CF_NEVER ? CF_NEVER : visit->until - visit->began;
	visit->waited_ns += waits_ms * CF_MS;
	visit->ended += waits_ms > 0; /* to the end of its time */
	cf_scope_leave(&scope, 0, false);
	assert_int_equal(visit->kind, CF_VISIT_NONE);
	return length_ns;
}
