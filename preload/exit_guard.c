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
#include <string.h>
#include <sys/stat.h>

#include "classify.h"
#include "clerk.h"
#include "clock.h"
#include "events.h"
#include "facts.h"
#include "fork.h"
#include "hand.h"
#include "mapped.h"
#include "mounts.h"
#include "open_fds.h"
#include "park.h"
#include "parked_fds.h"
#include "parked_ranges.h"
#include "pool.h"
#include "ranges.h"
#include "raw.h"
#include "say.h"
#include "text.h"
#include "undertaker.h"

#define FIRST_NUMBER 3	 /* stdio has not written all yet */
#define HIGH_NUMBER  700 /* where no program counts with it */
#define PAGE_BYTES   4096

static const struct cf_policy *policy; /* set once, before any door is open */
static const _Atomic int for_good = 1;

/* A number that was inherited may have been parked by who has executed this program. */
static bool look_at_inherited(int fd, void *unused)
{
	struct cf_identity file;

	(void)unused;
	if (fd < FIRST_NUMBER)
		return true;
	file = cf_identity_read(fd);
	if (!file.error && file.major == 0 && (file.mode == S_IFREG || file.is_opaque))
		cf_facts_look(fd); /* learns the mount */
	return !cf_mounts_any_remote();
}

void cf_exit_guard_begin(const struct cf_policy *new_policy)
{
	policy = new_policy;
	if (policy->mode == CF_MODE_ENFORCE)
		cf_open_fds_each(look_at_inherited, NULL);
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
CF_COLD static bool flush(int fd, int copy, const struct cf_facts *facts,
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
	struct cf_order order = {
		.call = { SYS_close, { copy } },
		.identity = facts->identity,
		.mount = facts->mount,
		.deadline_ns = verdict->deadline_ns,
		.when_slow = get_company,
		.event = &event,
	};

	cf_facts_name(fd, name, sizeof(name));
	struct cf_outcome outcome =
		cf_hand_run(&order, cf_clock_after(verdict->deadline_ns));
	if (outcome.ending == CF_NO_HAND)
		cf_raw_call3(SYS_close, copy, 0, 0); /* the kernel would, too */
	else
		report(&event, &outcome);
	return outcome.ending == CF_FINISHED || outcome.ending == CF_NO_HAND;
}

/* The close of a copy would take the POSIX locks of the process from the file. */
static bool is_locked(int fd)
{
	char link[48], *text = cf_pool_pages(PAGE_BYTES);
	struct cf_text path;

	if (!text)
		return true;
	cf_text_begin(&path, link, sizeof(link));
	cf_text_add(&path, "/proc/thread-self/fdinfo/");
	cf_text_add_number(&path, fd);
	bool is_so =
		cf_clerk_read(link, text, PAGE_BYTES - 1) <= 0 || strstr(text, "POSIX");
	cf_raw_call3(SYS_munmap, (long)text, PAGE_BYTES, 0);
	return is_so;
}

static int copy_of(int fd)
{
	long copy = cf_raw_call3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, HIGH_NUMBER);

	if (copy < 0) /* no such number under a low limit */
		copy = cf_raw_call3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FIRST_NUMBER);
	return (int)copy;
}

/* Whether the kernel would wait at this number. What cannot be told, or cannot be done as
   the kernel would, is left to it: only a sick mount is not trusted. */
static bool is_left(int fd)
{
	if (cf_park_holds(fd))
		return true;
	struct cf_facts facts = cf_facts_look(fd);
	struct cf_verdict verdict = cf_classify(&facts, policy);
	if (facts.kind != CF_KIND_REMOTE || !verdict.is_bound)
		return false;
	if (facts.mount && cf_mounts_is_sick_for(facts.mount, verdict.deadline_ns))
		return true;
	if (!cf_fork_is_own_process() || is_locked(fd))
		return false;
	int copy = copy_of(fd);
	return copy >= 0 && !flush(fd, copy, &facts, &verdict);
}

static bool look_at(int fd, void *argument)
{
	bool *is_anything_left = argument;

	if (fd >= FIRST_NUMBER)
		*is_anything_left = is_left(fd) || *is_anything_left;
	return true;
}

/* Have a mapping written back, as its end would. False when that is not done in time. */
CF_COLD static bool write_back(const struct cf_range *piece)
{
	struct cf_event event = cf_mapped_event("exit", piece);
	struct cf_order order = {
		.kind = CF_ERRAND_WRITE_BACK,
		.pages = cf_mapped_pages(piece),
		.mount = piece->mount,
		.deadline_ns = event.deadline_ns,
		.when_slow = get_company,
	};
	struct cf_outcome outcome = cf_hand_run(&order, cf_mapped_deadline());

	event.is_ending = true;
	report(&event, &outcome);
	return outcome.ending == CF_FINISHED || outcome.ending == CF_NO_HAND;
}

/* Whether pages are left that the kernel would wait for. Those of one file go together, as
   long as it is open: see cf_write_back(). */
static bool are_pages_left(void)
{
	struct cf_identity last = { .error = EBADF };
	struct cf_range piece;
	bool is_left = cf_parked_ranges_any();

	if (!cf_ranges_any() || !cf_mapped_is_bound() || !cf_fork_is_own_process())
		return is_left;
	for (uintptr_t at = 0; !is_left && cf_ranges_find(at, UINTPTR_MAX, &piece);
	     at = piece.end) {
		struct cf_identity now = cf_identity_read(piece.fd);
		bool is_open = cf_identity_is_same(&now, &piece.file);

		if (piece.kind != CF_RANGE_FILE ||
		    (is_open && cf_identity_is_same(&piece.file, &last)))
			continue;
		is_left = !write_back(&piece);
		if (is_open)
			last = piece.file;
	}
	return is_left;
}

/* Nearly every program has nothing to do with any server. */
static bool is_doubtful(void)
{
	return cf_mounts_any_remote() || cf_ranges_any() || cf_parked_fds_any() ||
	       cf_parked_ranges_any();
}

void cf_exit_guard_leave(void)
{
	bool is_anything_left;
	int error = errno;

	if (policy->mode != CF_MODE_ENFORCE || !is_doubtful())
		return;
	is_anything_left = are_pages_left();
	cf_open_fds_each(look_at, &is_anything_left);
	if (is_anything_left)
		get_company();
	else /* nor may an undertaker hold locks and ports any longer than the process */
		cf_undertaker_dismiss(cf_hand_slow());
	errno = error;
}
