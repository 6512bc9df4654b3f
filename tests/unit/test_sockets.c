/* SPDX-License-Identifier: MIT */
/*
 * test_sockets.c - what is known of libcurl's sockets before their close.
 */
#include "sockets.h"
#include "unit.h"

#define MOST 65536

static void a_socket_of_libcurls_is_taken_once(void **state)
{
	(void)state;
	cf_sockets_note_made(7);
	assert_true(cf_sockets_take(7));
	assert_false(cf_sockets_take(7));
}

static void what_libcurl_has_not_made_is_not_known(void **state)
{
	(void)state;
	cf_sockets_note_made(7);
	assert_false(cf_sockets_take(6));
	assert_false(cf_sockets_take(8));
}

static void numbers_that_are_none_or_too_high_are_not_known(void **state)
{
	static const int numbers[] = { -1, MOST, MOST + 7, INT32_MIN, INT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		cf_sockets_note_made(numbers[i]);
		assert_false(cf_sockets_take(numbers[i]));
	}
	cf_sockets_note_made(MOST - 1);
	assert_true(cf_sockets_take(MOST - 1));
}

static void once_anybody_lingers_nothing_is_known(void **state)
{
	(void)state;
	cf_sockets_note_made(7);
	cf_sockets_note_linger();
	assert_false(cf_sockets_take(7));
	cf_sockets_note_made(8);
	assert_false(cf_sockets_take(8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_of_libcurls_is_taken_once),
		cmocka_unit_test(what_libcurl_has_not_made_is_not_known),
		cmocka_unit_test(numbers_that_are_none_or_too_high_are_not_known),
		cmocka_unit_test(once_anybody_lingers_nothing_is_known),
	};

	return unit_run(tests);
}
