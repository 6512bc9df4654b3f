/* SPDX-License-Identifier: MIT */
/*
 * test_whereabouts.c - what threads wait in, as an array of JSON.
 */
#include <cjson/cJSON.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kin.h"
#include "raw.h"
#include "unit.h"
#include "whereabouts.h"

static int ends[2];
static _Atomic int sleeper;

static void *sleep_in_a_read(void *unused)
{
	char byte;

	prctl(PR_SET_NAME, "a \"sleeper\"");
	sleeper = (int)cf_raw_call3(SYS_gettid, 0, 0, 0);
	return read(ends[0], &byte, 1) == 1 ? unused : NULL;
}

static bool is_asleep(void *unused)
{
	(void)unused;
	return sleeper != 0 && kin_await_asleep(sleeper, SYS_read);
}

static const char *string_of(const cJSON *object, const char *key)
{
	const char *string = cJSON_GetStringValue(cJSON_GetObjectItem(object, key));

	assert_non_null(string);
	return string;
}

static void the_wanted_thread_comes_first_and_not_the_one_that_looks(void **state)
{
	char bytes[4096];
	struct cf_text threads;
	pthread_t thread;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pthread_create(&thread, NULL, sleep_in_a_read, NULL), 0);
	assert_true(unit_await(is_asleep, NULL, 5000));
	cf_text_begin(&threads, bytes, sizeof(bytes));
	struct cf_whereabouts found = cf_whereabouts_look(sleeper, &threads);
	assert_int_equal(strncmp(found.place, "read (", 6), 0);
	assert_false(found.is_held);
	cJSON *list = cJSON_Parse(bytes);
	const cJSON *first = cJSON_GetArrayItem(list, 0);
	assert_int_equal(cJSON_GetObjectItem(first, "tid")->valueint, sleeper);
	assert_string_equal(string_of(first, "comm"), "a \"sleeper\"");
	assert_string_equal(string_of(first, "state"), "S");
	assert_string_equal(string_of(first, "call"), "read");
	assert_int_not_equal(strlen(string_of(first, "channel")), 0);
	for (int i = 0; i < cJSON_GetArraySize(list); i++) { /* a runtime may have one */
		const cJSON *tid =
			cJSON_GetObjectItem(cJSON_GetArrayItem(list, i), "tid");

		assert_int_not_equal(tid->valueint, cf_raw_call3(SYS_gettid, 0, 0, 0));
	}
	cJSON_Delete(list);
}

static void of_a_thread_that_is_gone_nothing_is_told(void **state)
{
	char bytes[4096];
	struct cf_text threads;

	(void)state;
	cf_text_begin(&threads, bytes, sizeof(bytes));
	struct cf_whereabouts found = cf_whereabouts_look(1 << 22, &threads);
	assert_string_equal(found.place, "its own code");
	cJSON *list = cJSON_Parse(bytes);
	assert_true(cJSON_IsArray(list));
	cJSON_Delete(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_wanted_thread_comes_first_and_not_the_one_that_looks),
		cmocka_unit_test(of_a_thread_that_is_gone_nothing_is_told),
	};

	return unit_run(tests);
}
