/* SPDX-License-Identifier: MIT */
/*
 * leaks.c - the flow of what is left at the end, and nobody's mistake of ours. Floor 3.
 */
#include "leaks.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "classify.h"
#include "clock.h"
#include "ending.h"
#include "events.h"
#include "facts.h"
#include "fork.h"
#include "handles.h"
#include "identity.h"
#include "layout.h"
#include "mapped.h"
#include "mounts.h"
#include "open_fds.h"
#include "park.h"
#include "ranges.h"

#define FIRST_NUMBER   3
#define MOST_INHERITED 64
#define MOST_TOLD      64

static const struct cf_policy *policy; /* set once, before any door is open */
static bool is_wanted;
static CF_TABLE struct inherited {
	int fd;
	struct cf_identity file;
} inherited[MOST_INHERITED];
static int inherited_count; /* MOST_INHERITED: there may be more */
static int told;

static bool is_on_server(const struct cf_facts *facts)
{
	return facts->kind == CF_KIND_REMOTE && cf_classify(facts, policy).is_bound;
}

static bool note_inherited(int fd, void *unused)
{
	struct cf_facts facts = cf_facts_look(fd);

	(void)unused;
	if (fd >= FIRST_NUMBER && is_on_server(&facts))
		inherited[inherited_count++] = (struct inherited){ fd, facts.identity };
	return inherited_count < MOST_INHERITED;
}

/* What a forked child has is its parent's. */
static void forget(void)
{
	is_wanted = false;
}

void cf_leaks_begin(const struct cf_policy *new_policy)
{
	policy = new_policy;
	cf_fork_on_child(forget);
	is_wanted = policy->leaks && policy->events;
	if (is_wanted)
		cf_open_fds_each(note_inherited, NULL);
}

static bool was_inherited(int fd, const struct cf_identity *file)
{
	for (int i = 0; i < inherited_count; i++) {
		if (inherited[i].fd == fd &&
		    cf_identity_is_same(&inherited[i].file, file))
			return true;
	}
	return false;
}

static int64_t age_of(cf_instant born)
{
	return cf_clock_now() - born;
}

static bool report_fd(int fd, void *unused)
{
	char name[CF_RANGE_NAME_BYTES];
	struct cf_facts facts = cf_facts_look(fd);

	(void)unused;
	if (told >= MOST_TOLD)
		return false;
	if (fd < FIRST_NUMBER || !is_on_server(&facts) || cf_park_holds(fd) ||
	    was_inherited(fd, &facts.identity))
		return true;
	struct cf_verdict verdict = cf_classify(&facts, policy);
	cf_facts_name(fd, name, sizeof(name));
	told++;
	cf_events_report(&(struct cf_event){
		.ending = CF_EVENT_LEAKED,
		.call = "exit",
		.class = cf_policy_class_name(verdict.class),
		.handle = fd,
		.name = name,
		.mount = facts.mount ? facts.mount->point : "",
		.deadline_ns = verdict.deadline_ns,
		.age_ns = CF_NEVER, /* nobody has seen it opened */
	});
	return true;
}

static void report_mappings(void)
{
	struct cf_range piece;

	for (uintptr_t at = 0;
	     told < MOST_TOLD && cf_ranges_find(at, UINTPTR_MAX, &piece);
	     at = piece.end) {
		struct cf_event event = cf_mapped_event("exit", &piece);

		if (piece.kind != CF_RANGE_FILE)
			continue;
		told++;
		event.ending = CF_EVENT_LEAKED;
		event.age_ns = age_of(piece.born);
		cf_events_report(&event);
	}
}

static void report_multis(void)
{
	struct cf_handle multi = { .seen = CF_NEVER };

	while (told++ < MOST_TOLD && cf_handles_last(CF_HANDLE_MULTI, multi.seen, &multi))
		cf_events_report(&(struct cf_event){
			.ending = CF_EVENT_LEAKED,
			.call = "exit",
			.class = cf_policy_class_name(CF_CLASS_CURL),
			.is_address = true,
			.address = (const void *)multi.id,
			.name = multi.name,
			.mount = "",
			.deadline_ns = policy->deadline_ns[CF_CLASS_CURL],
			.age_ns = age_of(multi.seen),
		});
}

void cf_leaks_report(void)
{
	int error = errno;

	if (!is_wanted || cf_ending_is_confined() || !cf_fork_is_own_process())
		return;
	is_wanted = false;
	report_multis();
	report_mappings();
	if (inherited_count < MOST_INHERITED) /* else they cannot be told apart */
		cf_open_fds_each(report_fd, NULL);
	errno = error;
}
