/* SPDX-License-Identifier: MIT */
/*
 * unmapping.c - the flow of a munmap. Floor 3.
 *
 * A munmap of a dirty page of a server's file waits for that server, and holds the lock of
 * the address space meanwhile: every mmap, fork and thread of the program would wait, too.
 * So a hand writes the pages back first, which holds nothing, and only then unmaps them.
 */
#include "unmapping.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
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
#include "text.h"
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

static int real_unmap(uintptr_t start, uintptr_t end)
{
	return cf_real_munmap((void *)start, end - start);
}

static int observe(const struct cf_range *piece)
{
	struct cf_event event = cf_mapped_event("munmap", piece);
	cf_instant began = cf_clock_now();
	int error = errno;
	int result = real_unmap(piece->start, piece->end);

	if (result == -1) {
		error = errno;
		cf_ranges_add(piece);
	}
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
	struct cf_write_back pages = cf_mapped_pages(piece);
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

static int unmap_plainly(const struct cf_range *piece)
{
	int result = real_unmap(piece->start, piece->end);

	if (result == -1) {
		int error = errno;

		take_back(piece);
		errno = error;
	}
	return result;
}

/* No fsync() of the program will find this error: see cf_write_back(). */
CF_COLD static void say_unwritten(const struct cf_event *event, long error)
{
	char bytes[512];
	struct cf_text line;

	cf_say_permit(cf_facts_may_write(2));
	cf_say_line(&line, bytes, sizeof(bytes));
	cf_text_add(&line, "munmap ");
	cf_text_add_printable(&line, event->name);
	cf_text_add(&line, ": its pages could not be written back: ");
	cf_text_add_errno(&line, (int)-error);
	cf_say(&line);
}

/* Unmap a piece that is out of the table already. */
CF_COLD static int enforce(const struct cf_range *piece, cf_instant deadline)
{
	struct cf_event event = cf_mapped_event("munmap", piece);
	struct cf_order order = order_of(piece, &event);
	struct cf_outcome outcome = { .ending = CF_NO_HAND };

	if (order.kind == CF_ERRAND_CALL || order.range)
		outcome = cf_hand_run(&order, deadline);
	if (outcome.ending == CF_NO_HAND)
		return unmap_plainly(piece);
	if (outcome.ending != CF_FINISHED)
		event.ending = order.range ? CF_EVENT_PARKED : CF_EVENT_EXPIRED;
	else
		event.result = outcome.result;
	report(&event, outcome.waited_ns);
	if (outcome.written < 0)
		say_unwritten(&event, outcome.written);
	if (event.result >= 0)
		return 0;
	take_back(piece);
	errno = (int)-event.result;
	return -1;
}

static int unmap_piece(const struct cf_range *piece, cf_instant deadline)
{
	if (!cf_mapped_is_bound())
		return unmap_plainly(piece);
	return cf_mapped_is_enforced() ? enforce(piece, deadline) : observe(piece);
}

/* To the program nothing is mapped where a range is parked. */
static int unmap_around_parked(uintptr_t start, uintptr_t end, cf_instant deadline)
{
	struct cf_parked_piece parked;
	int result = 0;

	while (result == 0 && start < end && cf_parked_ranges_find(start, end, &parked)) {
		if (parked.is_going) {
			if (!cf_mapped_await_nothing_parked(parked.start, parked.end,
							    deadline))
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
	cf_instant deadline = cf_mapped_deadline();
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

int cf_unmapping_run(void *at, size_t length)
{
	uintptr_t start, end;
	int type;

	if (!cf_mapped_is_sound(at, length, &start, &end))
		return cf_real_munmap(at, length);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
	int result = unmap_known(start, end);
	pthread_setcanceltype(type, NULL);
	return result;
}
