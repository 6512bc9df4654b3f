/* SPDX-License-Identifier: MIT */
/*
 * exit_guard.c - the flow of the end. Floor 3.
 *
 * A copy of each number is closed: that sends the flush, and does not pull the number from
 * under a thread that still runs.
 */
#include "exit_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>

#include "classify.h"
#include "clock.h"
#include "events.h"
#include "facts.h"
#include "fork.h"
#include "hand.h"
#include "mounts.h"
#include "open_fds.h"
#include "park.h"
#include "parked_ranges.h"
#include "ranges.h"
#include "raw.h"
#include "say.h"
#include "undertaker.h"

#define HIGH_NUMBER 700 /* where no program counts with it */

static const struct cf_policy *policy; /* set once, before any door is open */
static const _Atomic int for_good = 1;

void cf_exit_guard_begin(const struct cf_policy *new_policy)
{
	policy = new_policy;
}

static void get_company(void)
{
	cf_undertaker_watch(&for_good);
}

static void report(struct cf_event *event, const struct cf_outcome *outcome)
{
	event->waited_ns = outcome->waited_ns;
	event->result = outcome->result;
	if (outcome->ending == CF_FINISHED && outcome->result >= 0)
		return; /* as the kernel would have done it */
	if (outcome->ending != CF_FINISHED) {
		event->ending = CF_EVENT_EXPIRED;
		cf_say_permit(cf_facts_may_write(2));
	}
	cf_events_report(event);
}

/* Whether nothing is left to wait for at this number. */
CF_COLD static bool flush(int fd, const struct cf_facts *facts,
			  const struct cf_verdict *verdict)
{
	char name[CF_RANGE_NAME_BYTES];
	struct cf_event event = {
		.ending = CF_EVENT_FINISHED,
		.call = "exit",
		.class = cf_policy_class_name(verdict->class),
		.is_written = verdict->class == CF_CLASS_WRITE,
		.is_minor = verdict->class != CF_CLASS_WRITE,
		.is_ending = true,
		.handle = fd,
		.name = name,
		.mount = facts->mount ? facts->mount->point : "",
		.type = facts->mount ? facts->mount->type : "unknown",
		.deadline_ns = verdict->deadline_ns,
	};
	long copy = cf_raw_call3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH_NUMBER);
	struct cf_order order = {
		.call = { SYS_close, { copy } },
		.identity = facts->identity,
		.mount = facts->mount,
		.deadline_ns = verdict->deadline_ns,
		.when_slow = get_company,
		.event = &event,
	};

	if (copy < 0)
		return false;
	cf_facts_name(fd, name, sizeof(name));
	struct cf_outcome outcome =
		cf_hand_run(&order, cf_clock_after(verdict->deadline_ns));
	if (outcome.ending == CF_NO_HAND)
		cf_raw_call3(SYS_close, copy, 0, 0); /* the kernel would, too */
	else
		report(&event, &outcome);
	return outcome.ending == CF_FINISHED || outcome.ending == CF_NO_HAND;
}

/* What the kernel would wait for at this number is flushed, or is left to it. */
static bool is_left(int fd)
{
	if (cf_park_holds(fd))
		return true;
	struct cf_facts facts = cf_facts_look(fd);
	struct cf_verdict verdict = cf_classify(&facts, policy);
	if (facts.kind != CF_KIND_REMOTE || !verdict.is_bound ||
	    !cf_fork_is_own_process())
		return false;
	return (facts.mount && cf_mounts_is_sick_for(facts.mount, verdict.deadline_ns)) ||
	       !flush(fd, &facts, &verdict);
}

static bool look_at(int fd, void *argument)
{
	bool *is_anything_left = argument;

	*is_anything_left = is_left(fd) || *is_anything_left;
	return true;
}

/* Have a mapping written back, as its end would. False when that is not done in time. */
CF_COLD static bool write_back(const struct cf_range *piece)
{
	struct cf_event event = {
		.ending = CF_EVENT_FINISHED,
		.call = "exit",
		.class = cf_policy_class_name(CF_CLASS_MMAP),
		.is_address = true,
		.address = (const void *)piece->start,
		.name = piece->name,
		.mount = piece->mount ? piece->mount->point : "",
		.type = piece->mount ? piece->mount->type : "unknown",
		.deadline_ns = policy->deadline_ns[CF_CLASS_MMAP],
		.is_ending = true,
	};
	struct cf_order order = {
		.kind = CF_ERRAND_WRITE_BACK,
		.pages = { piece->start, piece->end - piece->start, piece->fd,
			   piece->file },
		.mount = piece->mount,
		.deadline_ns = event.deadline_ns,
		.when_slow = get_company,
	};
	struct cf_outcome outcome =
		cf_hand_run(&order, cf_clock_after(event.deadline_ns));

	report(&event, &outcome);
	return outcome.ending == CF_FINISHED || outcome.ending == CF_NO_HAND;
}

/* Whether pages are left that the kernel would wait for. Those of one file go together. */
static bool are_pages_left(void)
{
	struct cf_identity last = { .error = EBADF };
	struct cf_range piece;
	bool is_left = cf_parked_ranges_any();

	if (!cf_ranges_any() || policy->deadline_ns[CF_CLASS_MMAP] == CF_NEVER ||
	    !cf_fork_is_own_process())
		return is_left;
	for (uintptr_t at = 0; !is_left && cf_ranges_find(at, UINTPTR_MAX, &piece);
	     at = piece.end) {
		if (piece.kind != CF_RANGE_FILE ||
		    cf_identity_is_same(&piece.file, &last))
			continue;
		is_left = !write_back(&piece);
		last = piece.file;
	}
	return is_left;
}

void cf_exit_guard_leave(void)
{
	bool is_anything_left;
	int error = errno;

	if (policy->mode != CF_MODE_ENFORCE)
		return;
	is_anything_left = are_pages_left();
	cf_open_fds_each(look_at, &is_anything_left);
	if (is_anything_left)
		get_company();
	errno = error;
}
