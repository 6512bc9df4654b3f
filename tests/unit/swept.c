/* SPDX-License-Identifier: MIT */
/*
 * swept.c - doubles for the floors below a sweep.
 */
#include "swept.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fork.h"
#include "mapped.h"
#include "sweep.h"
#include "undertaker.h"
#include "unit.h"

struct cf_facts __wrap_cf_facts_look(int fd);
void __wrap_cf_hand_begin(struct cf_hand *hand, const struct cf_order *order,
			  cf_instant deadline);
struct cf_outcome __wrap_cf_hand_await(struct cf_hand *hand);
void __wrap_cf_events_report(const struct cf_event *event);
void __wrap_cf_undertaker_watch(const _Atomic int *slow);

struct cf_policy swept_policy;
struct cf_mount swept_mount;
struct swept_script script;
struct swept_seen seen;

struct cf_facts __wrap_cf_facts_look(int fd)
{
	struct cf_facts facts = { .identity = cf_identity_read(fd) };

	if (fd != SWEPT_REMOTE)
		return facts;
	facts.kind = script.kind;
	facts.is_written = script.is_written;
	facts.mount = script.has_no_mount ? NULL : &swept_mount;
	return facts;
}

void __wrap_cf_hand_begin(struct cf_hand *hand, const struct cf_order *order,
			  cf_instant deadline)
{
	struct cf_identity original = cf_identity_read(SWEPT_REMOTE);
	struct cf_identity copy = cf_identity_read((int)order->call.argument[0]);

	hand->order = order;
	seen.hands++;
	seen.most_at_once =
		++seen.under_way > seen.most_at_once ? seen.under_way : seen.most_at_once;
	seen.copy = (int)order->call.argument[0];
	seen.is_copy_of_remote = cf_identity_is_same(&original, &copy);
	seen.is_cloexec = fcntl(seen.copy, F_GETFD) == FD_CLOEXEC;
	seen.order = *order;
	if (order->event) {
		seen.event = *order->event;
		strncpy(seen.name, order->event->name, sizeof(seen.name) - 1);
	}
	seen.left_ns = cf_clock_left(deadline);
}

struct cf_outcome __wrap_cf_hand_await(struct cf_hand *hand)
{
	const struct cf_order *order = hand->order;

	seen.under_way--;
	if (script.is_slow)
		order->when_slow();
	if (order->kind == CF_ERRAND_CALL && script.outcome.ending != CF_NO_HAND)
		close((int)order->call.argument[0]);
	return script.outcome;
}

void __wrap_cf_events_report(const struct cf_event *event)
{
	seen.reports++;
	seen.event = *event;
}

void __wrap_cf_undertaker_watch(const _Atomic int *slow)
{
	assert_int_equal(*slow, 1); /* for good */
	seen.watches++;
}

/* Without any nothing is looked at. */
static void learn_a_remote_mount(void)
{
	struct cf_identity file = { .mount = 4711, .mount_is_unique = true };
	struct cf_mount_line line = { .type = "fuse.s3fs", .point = "/mnt/s3" };

	assert_non_null(cf_mounts_add(&file, &line, true));
}

int swept_given(void **state)
{
	(void)state;
	cf_policy_defaults(&swept_policy);
	cf_mapped_begin(&swept_policy);
	cf_sweep_begin(&swept_policy);
	strcpy(swept_mount.type, "fuse.s3fs");
	strcpy(swept_mount.point, "/mnt/s3");
	script.kind = CF_KIND_REMOTE;
	assert_int_equal(dup2(open("/dev/zero", O_RDONLY), SWEPT_REMOTE), SWEPT_REMOTE);
	learn_a_remote_mount();
	return cf_fork_begin() ? 0 : -1;
}

void swept_leave(void)
{
	errno = EDOM;
	cf_sweep_leave();
	assert_int_equal(errno, EDOM);
}

void swept_assert(int hands, int reports, int watches)
{
	int fds = unit_count_fds();

	swept_leave();
	assert_int_equal(seen.hands, hands);
	assert_int_equal(seen.reports, reports);
	assert_int_equal(seen.watches, watches);
	assert_int_not_equal(fcntl(SWEPT_REMOTE, F_GETFD),
			     -1); /* a thread may still use it */
	assert_int_equal(unit_count_fds(), fds);
}
