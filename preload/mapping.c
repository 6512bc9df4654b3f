/* SPDX-License-Identifier: MIT */
/*
 * mapping.c - the flow of a mapping. Floor 3.
 *
 * A munmap of a dirty page of a server's file waits for that server, and holds the lock of
 * the address space meanwhile: every mmap, fork and thread of the program would wait, too.
 * So a hand writes the pages back first, which holds nothing, and only then unmaps them.
 */
#include "mapping.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "clock.h"
#include "events.h"
#include "facts.h"
#include "futex.h"
#include "hand.h"
#include "mounts.h"
#include "parked_ranges.h"
#include "ranges.h"
#include "raw.h"
#include "real.h"
#include "say.h"
#include "undertaker.h"

#define LOOK (CF_MS / 2)

static const struct cf_policy *policy; /* set once, before any door is open */
static uintptr_t page_mask;

void cf_mapping_begin(const struct cf_policy *new_policy)
{
	policy = new_policy;
	page_mask = getauxval(AT_PAGESZ) - 1;
}

bool cf_mapping_is_any_known(void)
{
	return cf_ranges_any() || cf_parked_ranges_any();
}

bool cf_mapping_is_plain(int flags)
{
	if (flags & MAP_FIXED)
		return (flags & MAP_ANONYMOUS) && !cf_mapping_is_any_known();
	return flags & MAP_ANONYMOUS;
}

static bool is_bound(void)
{
	return policy->deadline_ns[CF_CLASS_MMAP] != CF_NEVER;
}

static bool is_enforced(void)
{
	return is_bound() && policy->mode == CF_MODE_ENFORCE;
}

/* What the kernel will refuse, or what has no end, is not looked at. */
static bool is_sound(const void *at, size_t length, uintptr_t *start, uintptr_t *end)
{
	*start = (uintptr_t)at;
	*end = (*start + length + page_mask) & ~page_mask;
	return length > 0 && (*start & page_mask) == 0 && *end > *start &&
	       *end - *start >= length;
}

static void get_company(void)
{
	cf_undertaker_watch(cf_hand_slow());
}

static struct cf_event event_of(const char *call, const struct cf_range *piece)
{
	static const char *const types[] = { [CF_RANGE_FILE] = "unknown",
					     [CF_RANGE_DEVICE] = "device",
					     [CF_RANGE_WATCHED] = "userfaultfd" };

	return (struct cf_event){
		.ending = CF_EVENT_FINISHED,
		.call = call,
		.class = cf_policy_class_name(CF_CLASS_MMAP),
		.is_address = true,
		.address = (const void *)piece->start,
		.name = piece->name,
		.mount = piece->mount ? piece->mount->point : "",
		.type = piece->mount ? piece->mount->type : types[piece->kind],
		.deadline_ns = policy->deadline_ns[CF_CLASS_MMAP],
	};
}

static void report(struct cf_event *event, int64_t waited_ns)
{
	event->waited_ns = waited_ns;
	if (event->ending != CF_EVENT_FINISHED)
		cf_say_permit(cf_facts_may_write(2));
	cf_events_report(event);
}

static struct cf_write_back pages_of(const struct cf_range *piece)
{
	return (struct cf_write_back){ piece->start, piece->end - piece->start, piece->fd,
				       piece->file };
}

static int real_unmap(uintptr_t start, uintptr_t end)
{
	return cf_real_munmap((void *)start, end - start);
}

static int observe(const struct cf_range *piece)
{
	struct cf_event event = event_of("munmap", piece);
	cf_instant began = cf_clock_now();
	int error = errno;
	int result = real_unmap(piece->start, piece->end);

	if (result == -1)
		error = errno;
	event.result = result == -1 ? -error : 0;
	event.is_observed = cf_clock_now() - began > event.deadline_ns;
	if (event.is_observed)
		event.ending =
			piece->kind == CF_RANGE_FILE ? CF_EVENT_PARKED : CF_EVENT_EXPIRED;
	report(&event, cf_clock_now() - began);
	errno = error;
	return result;
}

/* What a hand is asked for. A file goes to a record of parked ranges at once: when the
   deadline is past there must be nothing left to do. */
static struct cf_order order_of(const struct cf_range *piece,
				const struct cf_event *event)
{
	struct cf_write_back pages = pages_of(piece);
	struct cf_order order = {
		.kind = CF_ERRAND_CALL,
		.call = { SYS_munmap, { (long)pages.start, (long)pages.length } },
		.deadline_ns = event->deadline_ns,
		.when_slow = get_company,
		.event = event,
	};

	if (piece->kind == CF_RANGE_FILE) {
		order.kind = CF_ERRAND_UNMAP;
		order.mount = piece->mount;
		order.range = cf_parked_ranges_add(&pages, piece->mount);
		/* From now on: a child that is forked meanwhile would hang at its end. */
		if (order.range)
			cf_raw_call3(SYS_madvise, (long)pages.start, (long)pages.length,
				     MADV_DONTFORK);
	}
	return order;
}

/* It is mapped as before. */
static void take_back(const struct cf_range *piece)
{
	if (piece->kind == CF_RANGE_FILE)
		cf_raw_call3(SYS_madvise, (long)piece->start,
			     (long)(piece->end - piece->start), MADV_DOFORK);
	cf_ranges_add(piece);
}

/* Unmap a piece that is out of the table already. */
CF_COLD static int enforce(const struct cf_range *piece, cf_instant deadline)
{
	struct cf_event event = event_of("munmap", piece);
	struct cf_order order = order_of(piece, &event);
	struct cf_outcome outcome = { .ending = CF_NO_HAND };

	if (order.kind == CF_ERRAND_CALL || order.range)
		outcome = cf_hand_run(&order, deadline);
	if (outcome.ending == CF_NO_HAND)
		return real_unmap(piece->start, piece->end);
	if (outcome.ending != CF_FINISHED)
		event.ending = order.range ? CF_EVENT_PARKED : CF_EVENT_EXPIRED;
	else
		event.result = outcome.result;
	report(&event, outcome.waited_ns);
	if (event.result >= 0)
		return 0;
	take_back(piece);
	errno = (int)-event.result;
	return -1;
}

static int unmap_piece(const struct cf_range *piece, cf_instant deadline)
{
	if (!is_bound())
		return real_unmap(piece->start, piece->end);
	return is_enforced() ? enforce(piece, deadline) : observe(piece);
}

/* Wait until nothing parked is left there; false when the deadline comes first. */
static bool await_nothing_parked(uintptr_t start, uintptr_t end, cf_instant deadline)
{
	struct cf_parked_piece parked;
	static const _Atomic int never = 0;

	while (cf_parked_ranges_find(start, end, &parked)) {
		if (cf_clock_left(deadline) == 0)
			return false;
		cf_futex_wait(&never, 0, LOOK);
	}
	return true;
}

/* To the program nothing is mapped where a range is parked. */
static int unmap_around_parked(uintptr_t start, uintptr_t end, cf_instant deadline)
{
	struct cf_parked_piece parked;
	int result = 0;

	while (result == 0 && start < end && cf_parked_ranges_find(start, end, &parked)) {
		if (parked.is_going) {
			if (!await_nothing_parked(parked.start, parked.end, deadline))
				break;
			continue;
		}
		if (parked.start > start)
			result = real_unmap(start, parked.start);
		start = parked.end;
	}
	return result == 0 && start < end ? real_unmap(start, end) : result;
}

CF_COLD static int unmap_known(uintptr_t start, uintptr_t end)
{
	cf_instant deadline = cf_clock_after(policy->deadline_ns[CF_CLASS_MMAP]);
	struct cf_range piece;
	int result = 0;

	while (result == 0 && start < end && cf_ranges_take(start, end, &piece)) {
		if (piece.start > start)
			result = unmap_around_parked(start, piece.start, deadline);
		if (result == 0)
			result = unmap_piece(&piece, deadline);
		else
			cf_ranges_add(&piece);
		start = piece.end;
	}
	return result == 0 && start < end ? unmap_around_parked(start, end, deadline)
					  : result;
}

int cf_mapping_unmap(void *at, size_t length)
{
	uintptr_t start, end;
	int type;

	if (!is_sound(at, length, &start, &end))
		return cf_real_munmap(at, length);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
	int result = unmap_known(start, end);
	pthread_setcanceltype(type, NULL);
	return result;
}

/* Have the pages of a live mapping written back; false when that is not done in time. */
CF_COLD static bool write_back(const char *call, const struct cf_range *piece,
			       cf_instant deadline)
{
	struct cf_event event = event_of(call, piece);
	struct cf_order order = {
		.kind = CF_ERRAND_WRITE_BACK,
		.pages = pages_of(piece),
		.mount = piece->mount,
		.deadline_ns = event.deadline_ns,
		.when_slow = get_company,
	};
	struct cf_outcome outcome = cf_hand_run(&order, deadline);

	if (outcome.ending == CF_FINISHED || outcome.ending == CF_NO_HAND)
		return true;
	event.ending = CF_EVENT_EXPIRED;
	event.is_refused = true;
	event.result = -ENOMEM;
	report(&event, outcome.waited_ns);
	return false;
}

/* Make sure that the kernel can put something else at [start, end) without waiting. */
CF_COLD static bool make_way(const char *call, uintptr_t start, uintptr_t end)
{
	cf_instant deadline = cf_clock_after(policy->deadline_ns[CF_CLASS_MMAP]);
	struct cf_range piece;

	for (uintptr_t at = start; is_enforced() && cf_ranges_find(at, end, &piece);
	     at = piece.end) {
		if (piece.kind == CF_RANGE_FILE && !write_back(call, &piece, deadline))
			return false;
		if (piece.kind != CF_RANGE_FILE &&
		    cf_ranges_take(piece.start, piece.end, &piece))
			enforce(&piece, deadline);
	}
	return await_nothing_parked(start, end, deadline);
}

static void *refuse(int error)
{
	errno = error;
	return MAP_FAILED;
}

void *cf_mapping_map(void *at, size_t length, int protection, int flags, int fd,
		     off_t offset)
{
	struct cf_range range;
	uintptr_t start, end;
	bool is_sound_call = is_sound(at, length, &start, &end);
	bool is_over = (flags & MAP_FIXED) && cf_mapping_is_any_known() && is_sound_call;
	bool is_risky = !(flags & MAP_ANONYMOUS) && cf_facts_mapping(fd, &range);

	if (is_over && !make_way("mmap", start, end))
		return refuse(ENOMEM);
	void *place = cf_real_mmap(at, length, protection, flags, fd, offset);
	if (place == MAP_FAILED || (!is_over && !is_risky))
		return place;
	start = (uintptr_t)place;
	end = (start + length + page_mask) & ~page_mask;
	cf_ranges_forget(start, end);
	if (is_risky) {
		range.start = start;
		range.end = end;
		cf_ranges_add(&range);
	}
	return place;
}

/* What goes when [from, from + length) becomes new_length bytes at `to`. */
static bool make_way_for_move(uintptr_t from, uintptr_t end, size_t new_length, int flags,
			      uintptr_t to)
{
	uintptr_t stays = from + ((new_length + page_mask) & ~page_mask);

	if ((flags & MREMAP_FIXED) && !make_way("mremap", to, to + (stays - from)))
		return false;
	if (flags & MREMAP_FIXED)
		return make_way("mremap", from, end);
	if (stays < end)
		return make_way("mremap", stays, end);
	/* What grows may have to move, or grows in its place, or not at all. */
	return stays == end || !(flags & MREMAP_MAYMOVE) || make_way("mremap", from, end);
}

void *cf_mapping_move(void *from, size_t length, size_t new_length, int flags, void *to)
{
	struct cf_parked_piece parked;
	uintptr_t start, end;

	if (!is_sound(from, length ? length : 1, &start, &end))
		return cf_real_mremap(from, length, new_length, flags, to);
	if (cf_parked_ranges_find(start, end, &parked) && !parked.is_going)
		return refuse(EFAULT); /* the program has unmapped it */
	if (!make_way_for_move(start, end, new_length, flags, (uintptr_t)to))
		return refuse(ENOMEM);
	void *place = cf_real_mremap(from, length, new_length, flags, to);
	if (place != MAP_FAILED)
		cf_ranges_move(start, end, (uintptr_t)place,
			       (new_length + page_mask) & ~page_mask,
			       length == 0 || (flags & MREMAP_DONTUNMAP));
	return place;
}
