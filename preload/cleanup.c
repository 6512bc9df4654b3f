/* SPDX-License-Identifier: MIT */
/*
 * cleanup.c - the flow of a handed-over close. Floor 3.
 *
 * It runs down the floors and never back up: facts, verdict, hand, answer, event.
 */
#include "cleanup.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "classify.h"
#include "clock.h"
#include "ending.h"
#include "events.h"
#include "exit_watch.h"
#include "facts.h"
#include "fork.h"
#include "hand.h"
#include "handles.h"
#include "late.h"
#include "layout.h"
#include "mounts.h"
#include "park.h"
#include "parked_fds.h"
#include "parked_ranges.h"
#include "ranges.h"
#include "raw.h"
#include "real.h"
#include "say.h"
#include "undertaker.h"
#include "visit.h"

static const struct cf_policy *policy; /* set once, before any door is open */
static _Atomic bool has_said_plain;

/* In a forked child: what belonged to the parent's tasks is gone with them. */
static void drop_the_parents(void)
{
	cf_say_after_fork();
	cf_events_after_fork();
	cf_handles_after_fork();
	cf_mounts_after_fork();
	cf_hand_after_fork();
	cf_parked_fds_after_fork();
	cf_parked_ranges_after_fork();
	cf_ranges_after_fork();
	cf_late_after_fork();
	cf_undertaker_after_fork();
	cf_exit_watch_after_fork();
	cf_ending_after_fork();
}

void cf_cleanup_begin(const struct cf_policy *new_policy)
{
	policy = new_policy;
	cf_fork_on_child(drop_the_parents);
}

CF_COLD static void say_plain_once(void)
{
	char bytes[256];
	struct cf_text line;

	if (atomic_exchange(&has_said_plain, true))
		return;
	cf_say_line(&line, bytes, sizeof(bytes));
	cf_text_add(
		&line,
		"no task for a close that may hang (limit reached, or clone refused): it "
		"is made without a deadline");
	cf_say(&line);
}

/* A call takes long: should the program end meanwhile, its table must not stay behind. */
static void get_company(void)
{
	cf_undertaker_watch(cf_hand_slow());
}

static int answer(long result)
{
	if (result >= 0)
		return (int)result;
	errno = (int)-result;
	return -1;
}

static const char *type_of(const struct cf_facts *facts)
{
	if (facts->kind == CF_KIND_SOCKET)
		return "lingering socket";
	if (facts->mount)
		return facts->mount->type;
	return facts->kind == CF_KIND_REMOTE ? "unknown" : "device";
}

static struct cf_event event_of(const struct cf_handle *handle,
				const struct cf_facts *facts,
				const struct cf_verdict *verdict)
{
	return (struct cf_event){
		.call = "close",
		.class = cf_policy_class_name(verdict->class),
		.is_written = verdict->class == CF_CLASS_WRITE,
		.handle = (int)handle->id,
		.name = handle->name,
		.mount = facts->mount ? facts->mount->point : "",
		.type = type_of(facts),
		.deadline_ns = verdict->deadline_ns,
	};
}

/* First sight of the fd, and out of the table again before its close can start. */
CF_COLD static struct cf_handle take(int fd)
{
	struct cf_handle handle = { .kind = CF_HANDLE_FD, .id = (uintptr_t)fd };

	handle.seen = cf_clock_now();
	cf_facts_name(fd, handle.name, sizeof(handle.name));
	cf_handles_add(&handle);
	cf_handles_take(CF_HANDLE_FD, (uintptr_t)fd, &handle);
	return handle;
}

static void report(const struct cf_event *event)
{
	if (event->ending != CF_EVENT_FINISHED)
		cf_say_permit(cf_facts_may_write(2));
	cf_events_report(event);
}

CF_COLD static int observe(int fd, struct cf_event *event)
{
	int error = errno;
	cf_instant began = cf_clock_now();
	int result = cf_real_close(fd);

	if (result == -1)
		error = errno;
	event->waited_ns = cf_clock_now() - began;
	event->result = result == -1 ? -error : result;
	event->is_observed = event->waited_ns > event->deadline_ns;
	event->ending = event->is_observed ? CF_EVENT_EXPIRED : CF_EVENT_FINISHED;
	report(event);
	errno = error;
	return result;
}

CF_COLD static int enforce(int fd, const struct cf_facts *facts,
			   const struct cf_verdict *verdict, struct cf_event *event)
{
	struct cf_order order = {
		.call = { SYS_close, { fd } },
		.identity = facts->identity,
		.mount = facts->mount,
		.deadline_ns = verdict->deadline_ns,
		.is_ended = facts->kind == CF_KIND_SOCKET,
		.when_slow = get_company,
		.event = event,
	};
	struct cf_outcome outcome =
		cf_hand_run(&order, cf_clock_after(verdict->deadline_ns));

	if (outcome.ending == CF_NO_HAND) {
		say_plain_once();
		return cf_real_close(fd);
	}
	event->ending = CF_EVENT_FINISHED;
	event->waited_ns = outcome.waited_ns;
	event->result = outcome.result;
	event->is_over = order.is_ended;
	if (outcome.ending == CF_EXPIRED || outcome.ending == CF_PARKED) {
		event->ending =
			outcome.ending == CF_PARKED ? CF_EVENT_PARKED : CF_EVENT_EXPIRED;
		event->result = cf_classify_answer(verdict->class, policy);
	}
	report(event);
	return answer(event->result);
}

/* A lingering close inside a cleanup of libcurl's has what is left of that. */
static void share_scope(struct cf_verdict *verdict, const struct cf_visit *visit)
{
	if (!visit || visit->kind != CF_VISIT_CLEANUP ||
	    verdict->class != CF_CLASS_SOCKET)
		return;
	int64_t left = cf_clock_left(visit->until);
	if (left < verdict->deadline_ns)
		verdict->deadline_ns = left;
}

CF_COLD static int bound(int fd, const struct cf_facts *facts, struct cf_verdict *verdict)
{
	struct cf_handle handle = take(fd);
	struct cf_visit *visit = cf_visit_peek(__builtin_frame_address(0));
	int type;

	share_scope(verdict, visit);
	struct cf_event event = event_of(&handle, facts, verdict);

	if (policy->mode == CF_MODE_OBSERVE)
		return observe(fd, &event);
	/* A cancelled close must not have happened: so before it, and not after. */
	pthread_testcancel();
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
	int result = enforce(fd, facts, verdict, &event);
	pthread_setcanceltype(type, NULL);
	if (visit && verdict->class == CF_CLASS_SOCKET)
		visit->waited_ns += event.waited_ns;
	return result;
}

int cf_cleanup_fd(int fd)
{
	if (cf_parked_fds_any() && cf_park_holds(fd))
		return answer(-EBADF); /* the program has closed it already */
	struct cf_facts facts = cf_facts_look(fd);
	struct cf_verdict verdict = cf_classify(&facts, policy);
	return verdict.is_bound ? bound(fd, &facts, &verdict) : cf_real_close(fd);
}
