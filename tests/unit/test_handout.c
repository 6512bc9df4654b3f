/* SPDX-License-Identifier: MIT */
/*
 * test_handout.c - the sets of thunks, each for the functions of one object.
 */
#include "handout.h"

#include <dlfcn.h>

#include "unit.h"

static cf_function symbol_of(const char *library, const char *name)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	assert_non_null(handle);
	return (cf_function)dlsym(handle, name);
}

static void each_object_has_a_set_of_its_own_and_keeps_it(void **state)
{
	cf_function here = symbol_of("libc.so.6", "puts"),
		    other = symbol_of("libm.so.6", "cos");
	unsigned first = cf_handout_add(CF_CURL_EASY_INIT, here);
	unsigned second = cf_handout_add(CF_CURL_EASY_INIT, other);

	(void)state;
	assert_in_range(first, 1, CF_HANDOUT_SETS);
	assert_in_range(second, 1, CF_HANDOUT_SETS);
	assert_int_not_equal(first, second);
	assert_int_equal(cf_handout_add(CF_CURL_MULTI_INIT, here), first);
	assert_int_equal(cf_handout_add(CF_CURL_EASY_INIT, other), second);
}

static void what_a_thunk_stands_for_is_told_once(void **state)
{
	cf_function puts_ = symbol_of("libc.so.6", "puts"),
		    cos_ = symbol_of("libm.so.6", "cos");
	unsigned first = cf_handout_add(CF_CURL_EASY_INIT, puts_);
	unsigned second = cf_handout_add(CF_CURL_EASY_CLEANUP, cos_);

	(void)state;
	assert_null(cf_handout_take(CF_CURL_EASY_INIT)); /* no thunk has led here */
	cf_handout_chosen = first;
	assert_ptr_equal(cf_handout_take(CF_CURL_EASY_INIT), puts_);
	assert_null(cf_handout_take(CF_CURL_EASY_INIT));
	cf_handout_chosen = second;
	assert_ptr_equal(cf_handout_take(CF_CURL_EASY_CLEANUP), cos_);
	cf_handout_chosen = second;
	assert_null(cf_handout_take(CF_CURL_EASY_INIT)); /* never handed out */
}

static void code_of_no_object_has_no_set(void **state)
{
	(void)state;
	assert_int_equal(cf_handout_add(CF_CURL_EASY_INIT, (cf_function)16), 0);
}

static void the_set_of_an_object_that_is_gone_is_free(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * CF_HANDOUT_SETS; i++) {
		void *handle = dlopen(i % 2 ? UNIT_LATE_BINDING : "libcurl-gnutls.so.4",
				      RTLD_NOW | RTLD_LOCAL);
		cf_function function = (cf_function)dlsym(handle, "curl_multi_cleanup");

		assert_non_null(function);
		assert_in_range(cf_handout_add(CF_CURL_MULTI_CLEANUP, function), 1,
				CF_HANDOUT_SETS);
		assert_int_equal(dlclose(handle), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_object_has_a_set_of_its_own_and_keeps_it),
		cmocka_unit_test(what_a_thunk_stands_for_is_told_once),
		cmocka_unit_test(code_of_no_object_has_no_set),
		cmocka_unit_test(the_set_of_an_object_that_is_gone_is_free),
	};

	return unit_run(tests);
}
