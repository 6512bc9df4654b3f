/* SPDX-License-Identifier: MIT */
/*
 * test_cleanup.c - the story of a close, with doubles for the floors below: what is
 * done with which facts and which ending, and in which order.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "events.h"
#include "facts.h"
#include "fork.h"
#include "hand.h"
#include "handles.h"
#include "lock.h"
#include "mounts.h"
#include "real.h"
#include "say.h"
#include "undertaker.h"
#include "unit.h"

struct cf_facts __wrap_cf_facts_look(int fd);
struct cf_outcome __wrap_cf_hand_run(const struct cf_order *order, cf_instant deadline);
int __wrap_cf_real_close(int fd);
void __wrap_cf_events_report(const struct cf_event *event);
void __wrap_cf_undertaker_watch(const _Atomic int *slow);

static struct cf_policy policy;
static struct cf_mount mount;
static int fd; /* that is closed */

/* What the doubles answer. */
static struct {
	struct cf_facts facts;
	struct cf_outcome outcome;
	int real_result, real_errno;
	int64_t real_takes_ms;
	bool is_slow;
} script;

/* What they saw. */
static struct {
	int real_closes, hands, watches, reports;
	bool was_lock_held, was_in_table;
	pthread_t closer;
	struct cf_order order;
	int64_t left_ns;
	struct cf_event event;
	char name[256];
} seen;

struct cf_facts __wrap_cf_facts_look(int number)
{
	(void)number;
	return script.facts;
}

static void look_around(void)
{
	struct cf_handle handle;

	seen.was_lock_held |= cf_lock_is_held();
	seen.was_in_table |= cf_handles_take(CF_HANDLE_FD, (uintptr_t)fd, &handle);
}

struct cf_outcome __wrap_cf_hand_run(const struct cf_order *order, cf_instant deadline)
{
	seen.hands++;
	seen.order = *order;
	seen.left_ns = cf_clock_left(deadline);
	look_around();
	if (script.is_slow)
		order->when_slow();
	return script.outcome;
}

int __wrap_cf_real_close(int number)
{
	assert_int_equal(number, fd);
	seen.real_closes++;
	seen.closer = pthread_self();
	look_around();
	unit_pass(script.real_takes_ms);
	if (script.real_result == -1)
		errno = script.real_errno;
	return script.real_result;
}

void __wrap_cf_events_report(const struct cf_event *event)
{
	seen.reports++;
	seen.event = *event;
	strncpy(seen.name, event->name, sizeof(seen.name) - 1);
}

void __wrap_cf_undertaker_watch(const _Atomic int *slow)
{
	assert_ptr_equal(slow, cf_hand_slow());
	seen.watches++;
}

static int given_a_beginning(void **state)
{
	(void)state;
	cf_policy_defaults(&policy);
	if (!cf_fork_begin())
		return -1;
	cf_cleanup_begin(&policy);
	strcpy(mount.type, "fuse.s3fs");
	strcpy(mount.point, "/mnt/s3");
	fd = open("/dev/null", O_RDONLY);
	script.facts = (struct cf_facts){ .identity = cf_identity_read(fd),
					  .kind = CF_KIND_REMOTE,
					  .mount = &mount };
	return 0;
}

static void assert_closed(int result, int error)
{
	errno = EDOM;
	assert_int_equal(cf_cleanup_fd(fd), result);
	assert_int_equal(errno, error);
}

static void what_cannot_hang_is_closed_by_the_caller_itself(void **state)
{
	(void)state;
	script.facts.kind = CF_KIND_LOCAL;
	script.facts.mount = NULL;
	assert_closed(0, EDOM);
	script.real_result = -1;
	script.real_errno = ENOSPC;
	assert_closed(-1, ENOSPC);
	assert_int_equal(seen.real_closes, 2);
	assert_true(pthread_equal(seen.closer, pthread_self()));
	assert_int_equal(seen.hands + seen.reports + seen.watches, 0);
}

static void what_may_hang_is_ordered_from_a_hand_with_all_that_it_needs(void **state)
{
	(void)state;
	script.outcome.waited_ns = 7 * CF_MS;
	assert_closed(0, EDOM);
	assert_int_equal(seen.hands, 1);
	assert_int_equal(seen.real_closes, 0);
	assert_int_equal(seen.order.call.number, SYS_close);
	assert_int_equal(seen.order.call.argument[0], fd);
	assert_true(cf_identity_is_same(&seen.order.identity, &script.facts.identity));
	assert_ptr_equal(seen.order.mount, &mount);
	assert_int_equal(seen.order.deadline_ns, 300 * CF_MS);
	assert_true(seen.left_ns > 0 && seen.left_ns <= 300 * CF_MS);
	assert_false(seen.order.is_ended);
	assert_int_equal(seen.reports, 1);
	assert_int_equal(seen.event.ending, CF_EVENT_FINISHED);
	assert_int_equal(seen.event.waited_ns, 7 * CF_MS);
	assert_int_equal(seen.watches, 0);
}

static void a_close_that_finished_has_the_kernels_own_answer(void **state)
{
	(void)state;
	script.outcome.result = -ENOSPC;
	assert_closed(-1, ENOSPC);
	assert_int_equal(seen.event.ending, CF_EVENT_FINISHED);
	assert_int_equal(seen.event.result, -ENOSPC);
}

static void a_slow_close_is_watched_by_an_undertaker(void **state)
{
	(void)state;
	script.is_slow = true;
	assert_closed(0, EDOM);
	assert_int_equal(seen.watches, 1);
	assert_int_equal(seen.event.ending, CF_EVENT_FINISHED);
}

static void an_expired_close_of_a_read_file_is_0(void **state)
{
	(void)state;
	script.outcome =
		(struct cf_outcome){ .ending = CF_EXPIRED, .waited_ns = 301 * CF_MS };
	assert_closed(0, EDOM);
	assert_int_equal(seen.event.ending, CF_EVENT_EXPIRED);
	assert_int_equal(seen.event.result, 0);
	assert_int_equal(seen.event.waited_ns, 301 * CF_MS);
	assert_int_equal(seen.real_closes, 0); /* the number is not ours any more */
}

static void an_expired_close_of_a_written_file_is_eio_or_what_the_user_chose(void **state)
{
	(void)state;
	script.facts.is_written = true;
	script.outcome.ending = CF_EXPIRED;
	assert_closed(-1, EIO);
	assert_int_equal(seen.event.result, -EIO);
	assert_int_equal(seen.order.deadline_ns, 5000 * CF_MS);
	policy.write_expires_ok = true;
	assert_closed(0, EDOM);
	assert_int_equal(seen.event.result, 0);
}

static void an_expired_lingering_socket_is_left_to_the_kernel(void **state)
{
	(void)state;
	script.facts.kind = CF_KIND_SOCKET;
	script.facts.linger_ns = 60000 * CF_MS;
	script.facts.mount = NULL;
	script.outcome.ending = CF_EXPIRED;
	assert_closed(0, EDOM);
	assert_true(seen.order.is_ended);
	assert_true(seen.event.is_over);
	assert_string_equal(seen.event.class, "socket");
	assert_string_equal(seen.event.mount, "");
}

static void an_event_tells_what_was_closed(void **state)
{
	(void)state;
	script.facts.is_written = true;
	script.outcome.ending = CF_EXPIRED;
	assert_closed(-1, EIO);
	assert_string_equal(seen.event.call, "close");
	assert_string_equal(seen.event.class, "write");
	assert_true(seen.event.is_written);
	assert_int_equal(seen.event.handle, fd);
	assert_string_equal(seen.name, "/dev/null");
	assert_ptr_equal(seen.event.mount, mount.point);
	assert_ptr_equal(seen.event.type, mount.type);
	assert_int_equal(seen.event.deadline_ns, 5000 * CF_MS);
	assert_false(seen.event.is_observed);
	assert_false(seen.event.is_over);
}

static void law_1_without_a_hand_it_is_the_plain_close_and_that_is_said_once(void **state)
{
	char heard[4096] = "";
	int reader = unit_hear_stderr();

	(void)state;
	cf_say_begin(false);
	script.outcome.ending = CF_NO_HAND;
	script.real_result = -1;
	script.real_errno = ENOSPC;
	assert_closed(-1, ENOSPC);
	assert_closed(-1, ENOSPC);
	assert_int_equal(seen.real_closes, 2);
	assert_true(pthread_equal(seen.closer, pthread_self()));
	assert_true(read(reader, heard, sizeof(heard) - 1) > 0);
	char *first = strstr(heard, "without a deadline\n");
	assert_non_null(first);
	assert_null(strstr(first + 1, "curfew["));
}

static void observe_never_cuts_and_says_what_enforce_would(void **state)
{
	(void)state;
	policy.mode = CF_MODE_OBSERVE;
	policy.deadline_ns[CF_CLASS_FILE] = 10000 * CF_MS;
	script.real_result = -1;
	script.real_errno = ENOSPC;
	assert_closed(-1, ENOSPC);
	assert_int_equal(seen.event.ending, CF_EVENT_FINISHED);
	assert_false(seen.event.is_observed);
	assert_int_equal(seen.event.result, -ENOSPC);
	policy.deadline_ns[CF_CLASS_FILE] = 20 * CF_MS;
	script.real_result = 0;
	script.real_takes_ms = 30;
	assert_closed(0, EDOM);
	assert_int_equal(seen.event.ending, CF_EVENT_EXPIRED);
	assert_true(seen.event.is_observed);
	assert_true(seen.event.waited_ns >= 30 * CF_MS);
	assert_int_equal(seen.event.result, 0);
	assert_int_equal(seen.hands, 0);
	assert_int_equal(seen.real_closes, 2);
}

static void close_every_way(void)
{
	policy.mode = CF_MODE_ENFORCE;
	cf_cleanup_fd(fd);
	script.outcome.ending = CF_NO_HAND;
	cf_cleanup_fd(fd);
	policy.mode = CF_MODE_OBSERVE;
	cf_cleanup_fd(fd);
	script.facts.kind = CF_KIND_LOCAL;
	cf_cleanup_fd(fd);
	assert_int_equal(seen.hands, 2);
	assert_int_equal(seen.real_closes, 3);
}

static void law_2_no_lock_is_held_across_a_real_call(void **state)
{
	(void)state;
	close_every_way();
	assert_false(seen.was_lock_held);
}

static void law_3_a_handle_is_taken_before_its_close_starts(void **state)
{
	struct cf_handle known = { .kind = CF_HANDLE_FD, .id = (uintptr_t)fd };

	(void)state;
	cf_handles_add(&known);
	script.outcome.ending = CF_NO_HAND;
	cf_cleanup_fd(fd);
	cf_handles_add(&known);
	policy.mode = CF_MODE_OBSERVE;
	cf_cleanup_fd(fd);
	assert_int_equal(seen.hands, 1);
	assert_int_equal(seen.real_closes, 2);
	assert_false(seen.was_in_table);
	assert_int_equal(cf_handles_count(), 0);
}

static void have_dropped_the_parents(void **state)
{
	(void)state;
	assert_int_equal(*cf_hand_slow(), 3);
	assert_true(cf_fork_settle());
	assert_closed(0, EDOM);
	assert_int_equal(*cf_hand_slow(), 0);
	assert_int_equal(cf_handles_count(), 0);
}

static void law_9_a_forked_child_drops_what_was_its_parents(void **state)
{
	struct cf_handle known = { .kind = CF_HANDLE_FD, .id = 99 };

	(void)state;
	cf_handles_add(&known);
	*(_Atomic int *)cf_hand_slow() = 3; /* as if three calls were slow */
	unit_in_child(have_dropped_the_parents, NULL);
	assert_closed(0, EDOM);
	assert_int_equal(*cf_hand_slow(), 3);
	assert_int_equal(cf_handles_count(), 1);
}

#define CLEANUP_TEST(function) cmocka_unit_test_setup(function, given_a_beginning)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLEANUP_TEST(what_cannot_hang_is_closed_by_the_caller_itself),
		CLEANUP_TEST(what_may_hang_is_ordered_from_a_hand_with_all_that_it_needs),
		CLEANUP_TEST(a_close_that_finished_has_the_kernels_own_answer),
		CLEANUP_TEST(a_slow_close_is_watched_by_an_undertaker),
		CLEANUP_TEST(an_expired_close_of_a_read_file_is_0),
		CLEANUP_TEST(
			an_expired_close_of_a_written_file_is_eio_or_what_the_user_chose),
		CLEANUP_TEST(an_expired_lingering_socket_is_left_to_the_kernel),
		CLEANUP_TEST(an_event_tells_what_was_closed),
		CLEANUP_TEST(
			law_1_without_a_hand_it_is_the_plain_close_and_that_is_said_once),
		CLEANUP_TEST(observe_never_cuts_and_says_what_enforce_would),
		CLEANUP_TEST(law_2_no_lock_is_held_across_a_real_call),
		CLEANUP_TEST(law_3_a_handle_is_taken_before_its_close_starts),
		CLEANUP_TEST(law_9_a_forked_child_drops_what_was_its_parents),
	};

	return unit_run(tests);
}
