/* SPDX-License-Identifier: MIT */
/*
 * test_curl_static.c - a libcurl that is a part of a module is bounded as well: by its
 * exported functions, or, where it has been hidden and stripped, by the name of the module.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "run.h"
#include "scratch.h"
#include "servers.h"
#include "suite.h"

#define PYTHON	   "/usr/bin/python3"
#define EXPORTED   CURFEW_TEST_PROGRAMS "/module_static.so"
#define HIDDEN	   CURFEW_TEST_PROGRAMS "/module_static_hidden.so"
#define LISTED	   "CURFEW_CURL_OBJECTS=another.so:module_static_hidden.so"
#define TWO_S	   "RES_OPTIONS=timeout:2 attempts:1" /* a lookup that is waited for */
#define PENDING	   "50"
#define END_MS	   20000
#define CUT_OFF_MS 2600
#define WHOLE_MS   2500

static void begin(void)
{
#ifdef STATIC_MISSING
	suite_skip(STATIC_MISSING);
#endif
	servers_start();
}

static void assert_hangs(struct run_order order)
{
	order.is_stock = 1;
	struct running *stock = run_start(&order);
	for (int64_t until = bounds_after(CUT_OFF_MS); bounds_nap(until);)
		;
	if (run_has_ended(stock))
		fail_msg("stock, it did not hang: %s", scratch_text(stock->errors));
}

static struct running *assert_ends_in_time(const struct run_order *order)
{
	int64_t began = bounds_now();
	struct running *victim = run_start(order);

	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	bounds_span("whole process", began, victim->reaped_ns, 0, WHOLE_MS);
	assert_true(events_count(victim->events, "completed") > 0);
	return victim;
}

static void assert_closed_cleanly(const struct running *victim)
{
	assert_int_equal(victim->marks->call[0].result, 0);
	assert_true(victim->marks->number[0] > 0);
	assert_int_equal(victim->marks->number[1], 0);
	assert_int_equal(victim->marks->number[2], 0);
}

static void fifty_pending_transfers_of_an_exported_copy_end_in_time(void **state)
{
	struct run_order order = { .program = RUN_VICTIM("curl_static"),
				   .arguments = { "close", EXPORTED, PENDING } };

	(void)state;
	begin();
	assert_hangs(order);
	struct running *victim = assert_ends_in_time(&order);
	assert_closed_cleanly(victim);
	bounds_took("close", &victim->marks->call[0], 200, 350);
}

static void fifty_pending_transfers_of_a_hidden_copy_end_in_time_by_its_name(void **state)
{
	struct run_order order = { .program = RUN_VICTIM("curl_static"),
				   .arguments = { "close", HIDDEN, PENDING },
				   .variables = { LISTED } };

	(void)state;
	begin();
	assert_closed_cleanly(assert_ends_in_time(&order));
}

static void a_hidden_copy_that_nobody_names_is_as_stock(void **state)
{
	struct run_order order = { .program = RUN_VICTIM("curl_static"),
				   .arguments = { "close", HIDDEN, PENDING },
				   .variables = { TWO_S } };

	(void)state;
	begin();
	for (int i = 0; i < 2; i++) {
		order.is_stock = i == 0;
		struct running *victim = run_start(&order);

		run_assert_ends(victim, END_MS, VICTIM_STATUS);
		assert_closed_cleanly(victim);
		bounds_took("close", &victim->marks->call[0], 1000, 2000);
		assert_int_equal(events_count(victim->events, "completed"), 0);
	}
}

static void transfers_of_a_copy_are_as_stock(void **state)
{
	static const char *const modules[] = { EXPORTED, HIDDEN };

	(void)state;
	begin();
	for (int i = 0; i < 2; i++) {
		struct running *victim = run_start(&(struct run_order){
			RUN_VICTIM("curl_static"),
			{ "transfer", modules[i], "http://slow.test:8001/" },
			{ LISTED },
			0 });

		run_assert_ends(victim, END_MS, VICTIM_STATUS);
		assert_int_equal(victim->marks->call[0].result, 0);
		bounds_took("transfer", &victim->marks->call[0], 1000, 1500);
		assert_int_equal(events_count(victim->events, "completed"), 0);
	}
}

static void an_exported_copy_does_not_wait_for_the_answer_to_quit(void **state)
{
	(void)state;
	begin();
	struct running *victim = run_start(
		&(struct run_order){ RUN_VICTIM("curl_static"),
				     { "transfer", EXPORTED, "ftp://127.0.0.1:2101/" },
				     { NULL },
				     0 });
	run_assert_ends(victim, END_MS, VICTIM_STATUS);
	assert_int_equal(victim->marks->call[0].result, 0);
	bounds_took("transfer", &victim->marks->call[0], 200, 350);
	events_assert_count(victim->events, "completed", 1);
}

static const char asyncio_client[] =
	"import asyncio, sys\n"
	"sys.path.insert(0, sys.argv[1])\n"
	"import curl_static\n"
	"async def main():\n"
	"    loop, watched = asyncio.get_running_loop(), set()\n"
	"    def on_socket(fd, what):\n"
	"        loop.remove_reader(fd)\n"
	"        loop.remove_writer(fd)\n"
	"        watched.discard(fd)\n"
	"        if what in (1, 3):\n"
	"            loop.add_reader(fd, curl_static.act, fd, 1)\n"
	"        if what in (2, 3):\n"
	"            loop.add_writer(fd, curl_static.act, fd, 2)\n"
	"        if what != 4:\n"
	"            watched.add(fd)\n"
	"    def on_timer(ms):\n"
	"        if ms >= 0:\n"
	"            loop.call_later(ms / 1000, curl_static.act, -1, 0)\n"
	"    curl_static.open(on_socket, on_timer)\n"
	"    for i in range(int(sys.argv[2])):\n"
	"        curl_static.add('http://dead%d/' % i)\n"
	"    await asyncio.sleep(0.3)\n"
	"    print(len(watched) > 0, curl_static.close(), len(watched))\n"
	"asyncio.run(main(), debug=True)\n"
	"sys.exit(7)\n";

/* The event loop complains, in its debug mode, of a callback on a foreign thread. */
static void a_python_extension_closes_its_client_in_time(void **state)
{
	struct run_order order = { .program = PYTHON,
				   .arguments = { "-I", "-W", "error", "-c",
						  asyncio_client, CURFEW_TEST_PROGRAMS,
						  PENDING } };

	(void)state;
#ifndef STATIC_PYTHON
	suite_skip("no extension of python: python3-dev");
#endif
	begin();
	assert_hangs(order);
	struct running *python = assert_ends_in_time(&order);
	assert_string_equal(run_output(python), "True 0 0\n");
	char *errors = scratch_text(python->errors);
	assert_null(strstr(errors, "Error"));
	free(errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(fifty_pending_transfers_of_an_exported_copy_end_in_time),
		SUITE_TEST(
			fifty_pending_transfers_of_a_hidden_copy_end_in_time_by_its_name),
		SUITE_TEST(a_hidden_copy_that_nobody_names_is_as_stock),
		SUITE_TEST(transfers_of_a_copy_are_as_stock),
		SUITE_TEST(an_exported_copy_does_not_wait_for_the_answer_to_quit),
		SUITE_TEST(a_python_extension_closes_its_client_in_time),
	};

	return suite_run(tests);
}
