/* SPDX-License-Identifier: MIT */
/*
 * mapping.c - the flow of a mapping, from its birth on. Floor 3.
 */
#include "mapping.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

#include "clock.h"
#include "events.h"
#include "facts.h"
#include "hand.h"
#include "layout.h"
#include "mapped.h"
#include "parked_ranges.h"
#include "ranges.h"
#include "raw.h"
#include "real.h"
#include "say.h"
#include "undertaker.h"

static void get_company(void)
{
	cf_undertaker_watch(cf_hand_slow());
}

static void report(struct cf_event *event, int64_t waited_ns)
{
	event->waited_ns = waited_ns;
	if (event->ending != CF_EVENT_FINISHED)
		cf_say_permit(cf_facts_may_write(2));
	cf_events_report(event);
}

bool cf_mapping_is_plain(int flags)
{
	if (flags & MAP_FIXED)
		return (flags & MAP_ANONYMOUS) && !cf_mapped_is_any_known();
	return flags & MAP_ANONYMOUS;
}

/* Have the pages of a live mapping written back; false when that is not done in time. */
CF_COLD static bool write_back(const char *call, const struct cf_range *piece,
			       cf_instant deadline)
{
	struct cf_event event = cf_mapped_event(call, piece);
	struct cf_order order = {
		.kind = CF_ERRAND_WRITE_BACK,
		.pages = cf_mapped_pages(piece),
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
	cf_instant deadline = cf_mapped_deadline();
	struct cf_range piece;

	/* Of a device or a watched range the call itself is what its driver or its watcher
	   is told of: nothing can be done before. */
	for (uintptr_t at = start;
	     cf_mapped_is_enforced() && cf_ranges_find(at, end, &piece); at = piece.end) {
		if (piece.kind == CF_RANGE_FILE && !write_back(call, &piece, deadline))
			return false;
	}
	return cf_mapped_await_nothing_parked(start, end, deadline);
}

static void *refuse(int error)
{
	errno = error;
	return MAP_FAILED;
}

static void *map(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	struct cf_range range;
	uintptr_t start, end;
	bool is_sound_call = cf_mapped_is_sound(at, length, &start, &end);
	bool is_over = (flags & MAP_FIXED) && cf_mapped_is_any_known() && is_sound_call;
	bool is_risky = !(flags & MAP_ANONYMOUS) && cf_facts_mapping(fd, &range);

	if (is_over && !make_way("mmap", start, end))
		return refuse(ENOMEM);
	void *place = cf_real_mmap(at, length, protection, flags, fd, offset);
	if (place == MAP_FAILED || (!is_over && !is_risky))
		return place;
	start = (uintptr_t)place;
	end = start + cf_mapped_round(length);
	cf_ranges_forget(start, end);
	if (is_risky) {
		range.start = start;
		range.end = end;
		cf_ranges_add(&range);
	}
	return place;
}

/* Cancelled in between, a thread would leave a lock or a hand behind. */
void *cf_mapping_map(void *at, size_t length, int protection, int flags, int fd,
		     off_t offset)
{
	int type;

	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
	void *place = map(at, length, protection, flags, fd, offset);
	pthread_setcanceltype(type, NULL);
	return place;
}

/* What goes when [from, from + length) becomes new_length bytes at `to`. */
static bool make_way_for_move(uintptr_t from, uintptr_t end, size_t new_length, int flags,
			      uintptr_t to)
{
	uintptr_t stays = from + (cf_mapped_round(new_length));

	if ((flags & MREMAP_FIXED) && !make_way("mremap", to, to + (stays - from)))
		return false;
	if (flags & MREMAP_FIXED)
		return make_way("mremap", from, end);
	if (stays < end)
		return make_way("mremap", stays, end);
	/* What grows may have to move, or grows in its place, or not at all. */
	return stays == end || !(flags & MREMAP_MAYMOVE) || make_way("mremap", from, end);
}

static void *move(void *from, size_t length, size_t new_length, int flags, void *to)
{
	struct cf_parked_piece parked;
	uintptr_t start, end;

	if (!cf_mapped_is_sound(from, length ? length : 1, &start, &end))
		return cf_real_mremap(from, length, new_length, flags, to);
	if (cf_parked_ranges_find(start, end, &parked) && !parked.is_going)
		return refuse(EFAULT); /* the program has unmapped it */
	if (!make_way_for_move(start, end, new_length, flags, (uintptr_t)to))
		return refuse(ENOMEM);
	void *place = cf_real_mremap(from, length, new_length, flags, to);
	if (place != MAP_FAILED)
		cf_ranges_move(start, end, (uintptr_t)place, cf_mapped_round(new_length),
			       length == 0 || (flags & MREMAP_DONTUNMAP));
	return place;
}

void *cf_mapping_move(void *from, size_t length, size_t new_length, int flags, void *to)
{
	int type;

	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
	void *place = move(from, length, new_length, flags, to);
	pthread_setcanceltype(type, NULL);
	return place;
}
