/* SPDX-License-Identifier: MIT */
/*
 * test_linger.c - closes of sockets that linger over a peer that does not read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bounds.h"
#include "events.h"
#include "peer.h"
#include "run.h"
#include "suite.h"

#define REAP_MS	   8000
#define SETTLED_MS 300

static struct running *start(const char *seconds, const char *variable)
{
	char port[16];

	snprintf(port, sizeof(port), "%d", peer_listen());
	struct running *victim = run_start(&(struct run_order){
		RUN_VICTIM("socket"), { "linger", port, seconds }, { variable }, 0 });
	peer_accept();
	return victim;
}

static void assert_success(const struct running *victim)
{
	assert_int_equal(victim->marks->call[0].result, 0);
	assert_int_equal(victim->marks->call[0].error, MARKS_ERRNO);
}

static void assert_expired(const struct running *victim)
{
	const struct event *event = events_only(victim->events, "expired");

	assert_string_equal(event->class, "socket");
	assert_string_equal(event->call, "close");
	assert_int_equal(event->result, 0);
	assert_int_equal((int)event->deadline_ms, 300);
}

static void a_lingering_close_is_let_go_and_the_peer_gets_every_byte(void **state)
{
	(void)state;
	struct running *victim = start("60", NULL);
	run_await_call(victim, 0, REAP_MS);
	int64_t sent = victim->marks->number[0];
	assert_true(sent > 100000);
	assert_int_equal(peer_read_everything(), sent);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 300, 350);
	assert_success(victim);
	assert_expired(victim);
}

static void the_peer_gets_every_byte_when_the_program_is_gone(void **state)
{
	(void)state;
	struct running *victim = start("60", NULL);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_span("waitpid", victim->marks->left_ns, victim->reaped_ns, 0, 50);
	/* The close is over, no hand waits for the peer: so nothing comes late. */
	int64_t end_ns = run_await_end_of_output(victim, REAP_MS);
	bounds_span("stdout", victim->marks->left_ns, end_ns, 0, 50);
	assert_int_equal(peer_read_everything(), victim->marks->number[0]);
	for (int64_t until = bounds_after(SETTLED_MS); bounds_nap(until);)
		;
	events_assert_count(victim->events, "late", 0);
}

static void a_linger_of_zero_still_resets(void **state)
{
	(void)state;
	struct running *victim = start("0", NULL);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 0, 50);
	assert_success(victim);
	assert_int_equal(peer_read_everything(), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(events_read(victim->events)->count, 0);
}

static void a_linger_shorter_than_the_deadline_is_the_kernels_own(void **state)
{
	(void)state;
	struct running *victim = start("1", "CURFEW_DEADLINE_SOCKET=5s");
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 1000, 1100);
	assert_success(victim);
	events_assert_count(victim->events, "expired", 0);
	assert_int_equal(peer_read_everything(), victim->marks->number[0]);
}

static void without_a_deadline_the_linger_is_the_kernels_own(void **state)
{
	(void)state;
	struct running *victim = start("1", "CURFEW_DEADLINE_SOCKET=off");
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 1000, 1100);
	assert_success(victim);
	events_assert_count(victim->events, "expired", 0);
}

static void a_peer_that_reads_is_waited_for(void **state)
{
	(void)state;
	struct running *victim = start("60", "CURFEW_DEADLINE_SOCKET=5s");
	while (!victim->marks->call[0].began_ns)
		assert_true(bounds_nap(bounds_after(REAP_MS)));
	assert_int_equal(peer_read_everything(), victim->marks->number[0]);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_success(victim);
	events_assert_count(victim->events, "expired", 0);
	assert_string_equal(events_only(victim->events, "finished")->class, "socket");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(a_lingering_close_is_let_go_and_the_peer_gets_every_byte),
		SUITE_TEST(the_peer_gets_every_byte_when_the_program_is_gone),
		SUITE_TEST(a_linger_of_zero_still_resets),
		SUITE_TEST(a_linger_shorter_than_the_deadline_is_the_kernels_own),
		SUITE_TEST(without_a_deadline_the_linger_is_the_kernels_own),
		SUITE_TEST(a_peer_that_reads_is_waited_for),
	};

	return suite_run(tests);
}
