/* SPDX-License-Identifier: MIT */
/*
 * test_curl_neighbours.c - a cleanup that is bounded touches nobody else: others' resolves,
 * shared connections, streams of one connection, and waits that libcurl means.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "scratch.h"
#include "servers.h"
#include "suite.h"
#include "version.h"

#define END_MS	   40000
#define PAGE_BYTES 1000000
#define HTTP2_PORT 8443

static struct running *run(const char *verb, const char *argument, int is_stock)
{
	servers_start();
	struct running *victim = run_start(&(struct run_order){
		RUN_VICTIM("curl_neighbours"), { verb, argument }, { NULL }, is_stock });
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	return victim;
}

static void another_threads_slow_resolve_is_not_cancelled(void **state)
{
	(void)state;
	struct running *victim = run("resolve", NULL, 0);
	assert_int_equal(victim->marks->number[0], 0);
	if (version_era() < VERSION_BETWEEN)
		bounds_took("curl_multi_remove_handle", &victim->marks->call[0], 200,
			    250);
	else
		bounds_took("curl_multi_cleanup", &victim->marks->call[1], 200, 250);
}

static void a_download_through_a_shared_cache_goes_on(void **state)
{
	(void)state;
	struct running *victim = run("cache", NULL, 0);
	assert_int_equal(victim->marks->number[0], 0);
	assert_int_equal(victim->marks->number[1], PAGE_BYTES);
	bounds_took("curl_easy_cleanup", &victim->marks->call[0], 0, 250);
	bounds_took("curl_share_cleanup", &victim->marks->call[1], 0, 250);
	assert_int_equal(victim->marks->call[1].result, 0);
	events_only(victim->events, "completed");
}

static void start_http2(void)
{
	static char arguments_port[] = "8443";
	char *page = calloc(1, PAGE_BYTES + 1);
	char *arguments[] = { "/usr/sbin/nghttpd",
			      "-d",
			      (char *)scratch_directory(),
			      "-a",
			      "127.0.0.1",
			      arguments_port,
			      (char *)servers_key(),
			      (char *)servers_certificate(),
			      NULL };

	for (int i = 0; i < PAGE_BYTES; i++)
		page[i] = 'a';
	scratch_put(scratch_path("page"), page);
	free(page);
	servers_add(arguments, HTTP2_PORT);
}

static void a_stream_of_the_same_connection_goes_on(void **state)
{
	(void)state;
	servers_start();
	start_http2();
	for (int is_stock = 1; is_stock >= 0; is_stock--) {
		struct running *victim =
			run("stream", "https://127.0.0.1:8443/page", is_stock);

		assert_int_equal(victim->marks->number[0], 0);
		assert_int_equal(victim->marks->number[1], PAGE_BYTES);
		assert_int_equal(victim->marks->number[2], 0); /* it shared the first's */
		bounds_took("curl_multi_remove_handle", &victim->marks->call[0], 0, 50);
	}
}

static void a_resolve_that_libcurl_waits_for_at_once_is_not_cut(void **state)
{
	(void)state;
	for (int is_stock = 1; is_stock >= 0; is_stock--)
		assert_int_equal(run("interface", NULL, is_stock)->marks->number[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(another_threads_slow_resolve_is_not_cancelled),
		SUITE_TEST(a_download_through_a_shared_cache_goes_on),
		SUITE_TEST(a_stream_of_the_same_connection_goes_on),
		SUITE_TEST(a_resolve_that_libcurl_waits_for_at_once_is_not_cut),
	};

	return suite_run(tests);
}
