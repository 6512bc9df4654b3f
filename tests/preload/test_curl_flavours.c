/* SPDX-License-Identifier: MIT */
/*
 * test_curl_flavours.c - of two libcurls in a process each cleans up its own handles, in
 * time, whether the program is linked to it or fetches its functions by name.
 */
#include "bounds.h"
#include "events.h"
#include "run.h"
#include "servers.h"
#include "suite.h"

#define OPENSSL "libcurl.so.4"
#define GNUTLS	"libcurl-gnutls.so.4"
#define MARKER	CURFEW_TEST_PROGRAMS "/library_marker.so"
#define END_MS	20000

static void assert_each_its_own(const char *program, const char *verb, const char *one,
				const char *other)
{
	servers_start();
	struct running *victim = run_start(
		&(struct run_order){ program, { verb, one, other }, { NULL }, 0 });
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	for (int i = 0; i < 2; i++) {
		bounds_took("curl_easy_cleanup", &victim->marks->call[i], 0, 250);
		bounds_took("multi", &victim->marks->call[2 + i], 200, 300);
		assert_int_equal(victim->marks->call[2 + i].result, 0);
		assert_true(victim->marks->number[i] > 0);
		assert_int_equal(victim->marks->number[2 + i], 0);
	}
	events_assert_count(victim->events, "completed", 4);
	events_assert_count(victim->events, "double", 0);
}

static void one_is_linked_and_the_other_fetched(void **state)
{
	(void)state;
	assert_each_its_own(RUN_VICTIM("curl_flavours"), "linked", OPENSSL, GNUTLS);
}

static void the_other_is_linked_and_the_first_fetched(void **state)
{
	(void)state;
	assert_each_its_own(RUN_VICTIM("curl_flavours_gnutls"), "linked", GNUTLS,
			    OPENSSL);
}

static void both_are_fetched_in_either_order(void **state)
{
	(void)state;
	assert_each_its_own(RUN_VICTIM("curl_flavours"), "fetched", OPENSSL, GNUTLS);
	assert_each_its_own(RUN_VICTIM("curl_flavours"), "fetched", GNUTLS, OPENSSL);
	assert_each_its_own(RUN_VICTIM("curl_flavours_gnutls"), "fetched", OPENSSL,
			    GNUTLS);
}

static void what_another_library_calls_a_cleanup_is_its_own(void **state)
{
	struct run_order order = {
		RUN_VICTIM("curl_flavours"), { "marker", OPENSSL, MARKER }, { NULL }, 1
	};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct running *victim = run_start(&order);

		run_assert_ends(victim, END_MS, VICTIM_STATUS);
		assert_string_equal(run_output(victim),
				    "curl_multi_cleanup of its own 1\nnothing, 0\n");
		order.is_stock = 0;
		order.variables[0] = i == 0 ? "CURFEW=enforce" : "CURFEW=off";
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(one_is_linked_and_the_other_fetched),
		SUITE_TEST(the_other_is_linked_and_the_first_fetched),
		SUITE_TEST(both_are_fetched_in_either_order),
		SUITE_TEST(what_another_library_calls_a_cleanup_is_its_own),
	};

	return suite_run(tests);
}
