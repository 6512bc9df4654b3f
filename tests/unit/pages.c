/* SPDX-License-Identifier: MIT */
/*
 * pages.c - pages to be unmapped, and doubles for the floors below the flows of mappings.
 */
#include "pages.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"
#include "fork.h"
#include "mapped.h"
#include "parked_ranges.h"
#include "raw.h"
#include "real.h"
#include "undertaker.h"
#include "unit.h"
#include "unmapping.h"

#define UNMAPPED 4 /* as parked_ranges.c counts its states */

bool __wrap_cf_facts_mapping(int fd, struct cf_range *range);
struct cf_outcome __wrap_cf_hand_run(const struct cf_order *order, cf_instant deadline);
void __wrap_cf_events_report(const struct cf_event *event);
void __wrap_cf_undertaker_watch(const _Atomic int *slow);
int __real_cf_real_munmap(void *at, size_t length);
int __wrap_cf_real_munmap(void *at, size_t length);

struct pages pages;

bool __wrap_cf_facts_mapping(int fd, struct cf_range *range)
{
	if (!pages.is_risky)
		return false;
	*range = (struct cf_range){ .kind = CF_RANGE_FILE,
				    .fd = fd,
				    .file = cf_identity_read(fd),
				    .mount = &pages.mount };
	strcpy(range->name, "/mnt/s3/file");
	return true;
}

static bool is_there(uintptr_t at)
{
	unsigned char is_in_core;

	return mincore((void *)at, 1, &is_in_core) == 0;
}

static bool is_inherited(uintptr_t at)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(is_there(at));
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static struct pages_order note(const struct cf_order *order, cf_instant deadline)
{
	struct pages_order seen = { order->kind,
				    order->call,
				    order->pages,
				    order->mount,
				    order->deadline_ns,
				    cf_clock_left(deadline),
				    false,
				    false };
	struct cf_range piece;

	if (order->range)
		seen.pages = order->range->job;
	if (order->kind == CF_ERRAND_CALL)
		seen.pages.start = (uintptr_t)order->call.argument[0];
	seen.was_known = cf_ranges_find(seen.pages.start, seen.pages.start + 1, &piece);
	seen.was_inherited = is_inherited(seen.pages.start);
	return seen;
}

/* Do what the hand would have done, and leave the record of a range as it would be. */
static void act(const struct cf_order *order, const struct cf_outcome *outcome)
{
	bool is_done = outcome->ending == CF_FINISHED && outcome->result >= 0;
	long start = order->call.argument[0], length = order->call.argument[1], written;

	if (order->kind == CF_ERRAND_UNMAP && is_done)
		cf_parked_ranges_unmap(order->range, &written);
	else if (order->range && outcome->ending != CF_FINISHED &&
		 outcome->ending != CF_NO_HAND)
		cf_parked_ranges_give_back(order->range);
	else if (order->range)
		cf_parked_ranges_drop(order->range);
	else if (order->kind == CF_ERRAND_CALL && is_done)
		cf_raw_call3(SYS_munmap, start, length, 0);
}

struct cf_outcome __wrap_cf_hand_run(const struct cf_order *order, cf_instant deadline)
{
	struct cf_outcome outcome = pages.outcome;

	assert_in_range(pages.hands, 0, PAGES_MOST_ORDERS - 1);
	pages.orders[pages.hands++] = note(order, deadline);
	if (pages.is_slow)
		order->when_slow();
	act(order, &outcome);
	return outcome;
}

void __wrap_cf_events_report(const struct cf_event *event)
{
	pages.reports++;
	pages.event = *event;
}

void __wrap_cf_undertaker_watch(const _Atomic int *slow)
{
	assert_ptr_equal(slow, cf_hand_slow());
	pages.watches++;
}

int __wrap_cf_real_munmap(void *at, size_t length)
{
	pages.munmaps++;
	if (!pages.munmap_error)
		return __real_cf_real_munmap(at, length);
	errno = pages.munmap_error;
	return -1;
}

int pages_begin(void **state)
{
	(void)state;
	cf_policy_defaults(&pages.policy);
	cf_mapped_begin(&pages.policy);
	strcpy(pages.mount.type, "fuse.s3fs");
	strcpy(pages.mount.point, "/mnt/s3");
	pages.at = mmap(NULL, PAGES_COUNT * PAGES_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return pages.at != MAP_FAILED && cf_fork_begin() ? 0 : -1;
}

char *pages_page(int page)
{
	return pages.at + (uintptr_t)page * PAGES_BYTES;
}

void pages_know(int from, int end, enum cf_range_kind kind)
{
	struct cf_range range = { .start = (uintptr_t)pages_page(from),
				  .end = (uintptr_t)pages_page(end),
				  .kind = kind,
				  .fd = 42 };

	if (kind == CF_RANGE_FILE)
		range.mount = &pages.mount;
	strcpy(range.name, "/mnt/s3/file");
	cf_ranges_add(&range);
}

struct cf_parked_range *pages_park(int from, int end, bool is_going)
{
	struct cf_write_back job = { (uintptr_t)pages_page(from),
				     (uintptr_t)(end - from) * PAGES_BYTES,
				     -1,
				     { 0 } };
	struct cf_parked_range *range = cf_parked_ranges_add(&job, &pages.mount);

	assert_non_null(range);
	if (is_going)
		atomic_store(&range->state, UNMAPPED);
	else
		cf_parked_ranges_give_back(range);
	return range;
}

bool pages_is_there(int page)
{
	return is_there((uintptr_t)pages_page(page));
}

bool pages_is_inherited(int page)
{
	return is_inherited((uintptr_t)pages_page(page));
}

bool pages_is_known(int page)
{
	uintptr_t at = (uintptr_t)pages_page(page);
	struct cf_range piece;

	return cf_ranges_find(at, at + 1, &piece);
}

void pages_unmap(int from, int end, int result, int error)
{
	errno = EDOM;
	assert_int_equal(
		cf_unmapping_run(pages_page(from), (uintptr_t)(end - from) * PAGES_BYTES),
		result);
	assert_int_equal(errno, error);
}
