/* SPDX-License-Identifier: MIT */
/*
 * test_objects.c - real libcurls in this process, and whose function is whose.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "curls.h"
#include "dynamic.h"
#include "unit.h"

static int given_the_loaders_view(void **state)
{
	(void)state;
	cf_objects_begin();
	return 0;
}

static void assert_finds_its_own(void *handle)
{
	for (int i = 0; i < CF_CURL_FUNCTIONS; i++)
		assert_ptr_equal(cf_objects_function(i, curls_code(handle)),
				 curls_own(handle, i));
}

static void each_library_finds_its_own_functions(void **state)
{
	void *one = curls_load(CURLS_OPENSSL), *other = curls_load(CURLS_GNUTLS);

	(void)state;
	for (int i = 0; i < 2; i++) { /* looked up, and kept */
		assert_finds_its_own(one);
		assert_finds_its_own(other);
	}
	assert_ptr_not_equal(cf_objects_function(CF_CURL_EASY_INIT, curls_code(one)),
			     cf_objects_function(CF_CURL_EASY_INIT, curls_code(other)));
}

static cf_function found_here(void)
{
	return cf_objects_function(CF_CURL_EASY_INIT, (const void *)found_here);
}

static void a_caller_that_knows_none_gets_the_only_one(void **state)
{
	void *only = curls_load(CURLS_OPENSSL);

	(void)state;
	assert_ptr_equal(found_here(), curls_own(only, CF_CURL_EASY_INIT));
	assert_ptr_equal(found_here(), curls_own(only, CF_CURL_EASY_INIT));
	assert_ptr_equal(cf_objects_function(CF_CURL_EASY_INIT, NULL),
			 curls_own(only, CF_CURL_EASY_INIT)); /* code of no object */
}

static void a_caller_that_knows_none_gets_the_first_of_two(void **state)
{
	void *first = curls_load(CURLS_OPENSSL);

	(void)state;
	curls_load(CURLS_GNUTLS);
	assert_ptr_equal(found_here(), curls_own(first, CF_CURL_EASY_INIT));
}

static void a_caller_gets_the_one_of_the_programs_scope(void **state)
{
	void *global = curls_load(CURLS_GNUTLS), *local = curls_load(CURLS_OPENSSL);

	(void)state;
	assert_ptr_equal(dlopen(CURLS_GNUTLS, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD),
			 global);
	assert_ptr_equal(found_here(), curls_own(global, CF_CURL_EASY_INIT));
	assert_finds_its_own(local);
}

static void what_is_not_found_leaves_no_error_behind(void **state)
{
	(void)state;
	errno = EDOM;
	assert_null(found_here());
	assert_int_equal(errno, EDOM);
	assert_null(dlerror());
}

static void a_library_that_comes_later_is_found(void **state)
{
	(void)state;
	assert_null(found_here());
	void *late = curls_load(CURLS_OPENSSL);
	assert_ptr_equal(found_here(), curls_own(late, CF_CURL_EASY_INIT));
}

static void a_library_that_is_gone_is_not_found_and_its_successor_is(void **state)
{
	void *handle = curls_load(CURLS_OPENSSL);

	(void)state;
	assert_finds_its_own(handle);
	assert_non_null(found_here());
	curls_unload(handle);
	assert_null(found_here());
	handle = curls_load(CURLS_GNUTLS); /* perhaps in its place */
	assert_finds_its_own(handle);
	assert_ptr_equal(found_here(), curls_own(handle, CF_CURL_EASY_INIT));
}

static int visited;
static char last_visited[256];

static void note(const struct dl_phdr_info *object)
{
	visited++;
	strncpy(last_visited, object->dlpi_name, sizeof(last_visited) - 1);
}

static void assert_visits(struct cf_generation *before, int count)
{
	visited = 0;
	cf_objects_visit(before, note);
	assert_int_equal(visited, count);
}

static void libcurls_are_visited_once_after_something_was_loaded(void **state)
{
	struct cf_generation before = { 0, 0 }, other = { 0, 0 };

	(void)state;
	assert_visits(&before, 0);
	void *handle = curls_load(CURLS_OPENSSL);
	assert_visits(&before, 1);
	assert_non_null(strstr(last_visited, "libcurl.so"));
	assert_visits(&before, 0);
	assert_visits(&other, 1); /* somebody else has not looked yet */
	curls_load(CURLS_GNUTLS);
	assert_visits(&before, 2);
	curls_unload(handle);
	assert_visits(&before, 1);
	assert_visits(&before, 0);
}

static void addresses_of_a_libcurl_are_known_after_a_visit_and_no_others(void **state)
{
	struct cf_generation before = { 0, 0 };
	void *handle = curls_load(CURLS_OPENSSL);
	const void *code = curls_code(handle);

	(void)state;
	assert_false(cf_objects_is_curl(code));
	cf_objects_visit(&before, NULL);
	assert_true(cf_objects_is_curl(code));
	assert_true(
		cf_objects_is_curl((const void *)curls_own(handle, CF_CURL_EASY_INIT)));
	assert_false(cf_objects_is_curl((const void *)found_here));
	assert_false(cf_objects_is_curl((const void *)poll));
	assert_false(cf_objects_is_curl(NULL));
	curls_unload(handle);
	cf_objects_visit(&before, NULL);
	assert_false(cf_objects_is_curl(code));
}

static void see_what_it_defines(const struct dl_phdr_info *object)
{
	for (int i = 0; i < CF_CURL_FUNCTIONS; i++)
		assert_true(cf_dynamic_defines(object, cf_objects_name(i)));
	assert_false(cf_dynamic_defines(object, "poll")); /* only refers to it */
	assert_false(cf_dynamic_defines(object, "curl_multi_cleanu"));
	assert_false(cf_dynamic_defines(object, "curl_multi_cleanup2"));
	assert_false(cf_dynamic_defines(object, "curl_multi_cleant\x91")); /* same hash */
	assert_false(cf_dynamic_defines(object, ""));
}

static const void *code;

static void see_where_it_ends(const struct dl_phdr_info *object)
{
	assert_true((uintptr_t)code >= object->dlpi_addr);
	assert_true((uintptr_t)code < cf_dynamic_end(object));
	assert_ptr_equal(cf_dynamic_pointer(object, 0x12345), NULL);
	assert_int_equal(cf_dynamic_number(object, 0x12345), 0);
	assert_int_equal(cf_dynamic_number(object, DT_RELAENT), sizeof(ElfW(Rela)));
}

static void an_object_tells_what_it_defines_and_where_it_ends(void **state)
{
	void *handle = curls_load(CURLS_OPENSSL);
	struct dl_find_object found;

	(void)state;
	code = curls_code(handle);
	curls_show(handle, see_what_it_defines);
	curls_show(handle, see_where_it_ends);
	assert_int_equal(_dl_find_object((void *)code, &found), 0);
	assert_ptr_equal(found.dlfo_link_map, handle);
}

static const void *answered;

static void see_the_old_table(const struct dl_phdr_info *object)
{
	assert_null(cf_dynamic_pointer(object, DT_GNU_HASH));
	answered = cf_dynamic_find(object, "curl_multi_cleanup", NULL);
	assert_false(cf_dynamic_defines(object, "curl_multi_cleanu"));
	assert_false(cf_dynamic_defines(object, "poll")); /* only refers to it */
}

static void an_object_with_the_old_hash_table_tells_what_it_defines(void **state)
{
	void *handle = curls_load(UNIT_OLD_HASH);

	(void)state;
	curls_show(handle, see_the_old_table);
	assert_non_null(answered);
	assert_ptr_equal(answered, dlsym(handle, "curl_multi_cleanup"));
}

static _Atomic bool is_over;

static void *find_often(void *handle)
{
	cf_function own = curls_own(handle, CF_CURL_EASY_INIT);
	const void *caller = curls_code(handle);
	int64_t wrong = 0;

	while (!is_over)
		wrong += cf_objects_function(CF_CURL_EASY_INIT, caller) != own;
	return (void *)wrong;
}

static void answers_are_right_while_others_load_and_unload(void **state)
{
	void *handle = curls_load(CURLS_OPENSSL), *wrong;
	pthread_t threads[2];

	(void)state;
	assert_finds_its_own(handle); /* kept from now on */
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, find_often, handle);
	for (int i = 0; i < 10; i++) {
		void *other = curls_load(CURLS_GNUTLS);

		assert_finds_its_own(other);
		dlclose(other);
	}
	is_over = true;
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

#define OBJECT_TEST(function) cmocka_unit_test_setup(function, given_the_loaders_view)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OBJECT_TEST(each_library_finds_its_own_functions),
		OBJECT_TEST(a_caller_that_knows_none_gets_the_only_one),
		OBJECT_TEST(a_caller_that_knows_none_gets_the_first_of_two),
		OBJECT_TEST(a_caller_gets_the_one_of_the_programs_scope),
		OBJECT_TEST(what_is_not_found_leaves_no_error_behind),
		OBJECT_TEST(a_library_that_comes_later_is_found),
		OBJECT_TEST(a_library_that_is_gone_is_not_found_and_its_successor_is),
		OBJECT_TEST(libcurls_are_visited_once_after_something_was_loaded),
		OBJECT_TEST(addresses_of_a_libcurl_are_known_after_a_visit_and_no_others),
		OBJECT_TEST(an_object_tells_what_it_defines_and_where_it_ends),
		OBJECT_TEST(an_object_with_the_old_hash_table_tells_what_it_defines),
		OBJECT_TEST(answers_are_right_while_others_load_and_unload),
	};

	return unit_run(tests);
}
