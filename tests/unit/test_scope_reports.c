/* SPDX-License-Identifier: MIT */
/*
 * test_scope_reports.c - scope.h once more: what is said of a cleanup, and second
 * cleanups of one handle.
 */
#include <errno.h>
#include <string.h>

#include "scoped.h"
#include "unit.h"

#define DEADLINE (SCOPED_DEADLINE_MS * CF_MS)

static int easy, multi; /* their addresses are handles */

static void bear(enum scoped_caller caller)
{
	scoped_bear(CF_HANDLE_MULTI, &multi, caller);
}

static struct cf_scope cleanup_by(enum scoped_caller caller)
{
	return scoped_call(CF_CURL_MULTI_CLEANUP, CF_HANDLE_MULTI, &multi, caller, 0);
}

static bool is_cleaned_up(enum scoped_caller caller)
{
	struct cf_scope scope = cleanup_by(caller);

	if (!cf_scope_enter(&scope, true))
		return false;
	cf_scope_leave(&scope, 0, false);
	return true;
}

/* A cleanup in which so much was waited and so many waits were ended. */
static void clean_up(int64_t waited_ms, unsigned ended, int result)
{
	struct cf_scope scope = cleanup_by(SCOPED_PROGRAM);

	assert_true(cf_scope_enter(&scope, true));
	struct cf_visit *visit = scoped_visit(1);
	visit->waited_ns = waited_ms * CF_MS;
	for (unsigned i = 0; i < ended; i++)
		cf_visit_note_ended(visit, "answer of", "10.0.0.1:21");
	cf_scope_leave(&scope, result, false);
}

static void a_cleanup_whose_wait_was_ended_is_reported_as_completed(void **state)
{
	(void)state;
	clean_up(201, 1, 3);
	assert_int_equal(scoped_seen.reports, 1);
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_COMPLETED);
	assert_string_equal(scoped_seen.event.call, "curl_multi_cleanup");
	assert_string_equal(scoped_seen.event.class, "curl");
	assert_true(scoped_seen.event.is_address);
	assert_ptr_equal(scoped_seen.event.address, &multi);
	assert_string_equal(scoped_seen.name, "answer of 10.0.0.1:21");
	assert_string_equal(scoped_seen.event.mount, "");
	assert_string_equal(scoped_seen.event.type, "libcurl");
	assert_true(scoped_seen.event.deadline_ns == DEADLINE);
	assert_true(scoped_seen.event.waited_ns == 201 * CF_MS);
	assert_int_equal(scoped_seen.event.result, 3);
	assert_false(scoped_seen.event.is_observed);
}

static void a_cleanup_that_took_its_time_and_ended_by_itself_has_finished(void **state)
{
	(void)state;
	clean_up(250, 0, 0);
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_FINISHED);
	assert_string_equal(scoped_seen.name, "");
}

static void observe_sets_no_instant_and_says_what_enforce_would(void **state)
{
	struct cf_scope scope = cleanup_by(SCOPED_PROGRAM);

	(void)state;
	scoped_policy.mode = CF_MODE_OBSERVE;
	assert_true(cf_scope_enter(&scope, true));
	assert_true(scoped_visit(1)->until == CF_NEVER);
	cf_scope_leave(&scope, 0, false);
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_FINISHED);
	assert_false(scoped_seen.event.is_observed);
	clean_up(201, 0, 0);
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_COMPLETED);
	assert_true(scoped_seen.event.is_observed);
	assert_true(scoped_seen.event.waited_ns == 201 * CF_MS);
	clean_up(0, 0, 0); /* also when nothing is left of the deadline */
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_FINISHED);
}

static void without_a_deadline_there_is_no_instant(void **state)
{
	(void)state;
	scoped_policy.deadline_ns[CF_CLASS_CURL] = CF_NEVER;
	assert_true(scoped_clean_up(CF_CURL_MULTI_CLEANUP, CF_HANDLE_MULTI, &multi,
				    5000) == CF_NEVER);
	assert_true(scoped_clean_up(CF_CURL_MULTI_CLEANUP, CF_HANDLE_MULTI, &multi, 0) ==
		    CF_NEVER);
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_FINISHED);
}

static void a_transfer_whose_join_was_ended_is_reported_and_no_other(void **state)
{
	struct cf_scope scope = scoped_call(CF_CURL_EASY_PERFORM, CF_HANDLE_EASY, &easy,
					    SCOPED_PROGRAM, 0);

	(void)state;
	cf_scope_enter_transfer(&scope);
	cf_scope_leave_transfer(&scope, 6);
	assert_int_equal(scoped_seen.reports, 0);
	cf_scope_enter_transfer(&scope);
	cf_visit_note_ended(scoped_visit(1), "resolve of", "a.example");
	cf_scope_leave_transfer(&scope, 6);
	assert_int_equal(scoped_seen.reports, 1);
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_COMPLETED);
	assert_string_equal(scoped_seen.event.call, "curl_easy_perform");
	assert_string_equal(scoped_seen.name, "resolve of a.example");
	assert_int_equal(scoped_seen.event.result, 6);
	assert_int_equal(scoped_visit(1)->kind, CF_VISIT_NONE);
}

static void assert_refused(void)
{
	int before = scoped_seen.reports;

	assert_false(is_cleaned_up(SCOPED_PROGRAM));
	assert_int_equal(scoped_seen.reports, before + 1);
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_DOUBLE);
	assert_string_equal(scoped_seen.event.call, "curl_multi_cleanup");
	assert_ptr_equal(scoped_seen.event.address, &multi);
	assert_int_equal(scoped_visit(1)->kind, CF_VISIT_NONE);
}

static void a_second_cleanup_is_refused_and_reported_each_time(void **state)
{
	(void)state;
	bear(SCOPED_PROGRAM);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_refused();
	assert_refused();
}

static void a_double_event_tells_nothing_of_another_cleanups_waits(void **state)
{
	struct cf_scope outer = scoped_call(CF_CURL_EASY_CLEANUP, CF_HANDLE_EASY, &easy,
					    SCOPED_PROGRAM, 0);
	struct cf_scope second = scoped_call(CF_CURL_MULTI_CLEANUP, CF_HANDLE_MULTI,
					     &multi, SCOPED_PROGRAM, 2);

	(void)state;
	bear(SCOPED_PROGRAM);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_true(cf_scope_enter(&outer, true));
	scoped_visit(1)->waited_ns = 200 * CF_MS;
	cf_visit_note_ended(scoped_visit(1), "resolve of", "a.example");
	assert_false(cf_scope_enter(&second, true)); /* in a callback */
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_DOUBLE);
	assert_string_equal(scoped_seen.name, "");
	assert_int_equal(scoped_seen.event.waited_ns, 0);
}

static void a_handle_whose_init_was_not_seen_is_never_refused(void **state)
{
	(void)state;
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	bear(SCOPED_LIBCURL);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
}

static void libcurls_own_cleanups_are_never_refused_and_make_no_mark(void **state)
{
	(void)state;
	bear(SCOPED_PROGRAM);
	assert_true(is_cleaned_up(SCOPED_LIBCURL));
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	bear(SCOPED_PROGRAM);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_true(is_cleaned_up(SCOPED_LIBCURL));
}

static void a_handle_of_another_kind_at_that_address_is_not_refused(void **state)
{
	(void)state;
	bear(SCOPED_PROGRAM);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	scoped_clean_up(CF_CURL_EASY_CLEANUP, CF_HANDLE_EASY, &multi, 0);
	scoped_clean_up(CF_CURL_SHARE_CLEANUP, CF_HANDLE_SHARE, &multi, 0);
}

static void a_call_that_does_not_end_the_handle_is_never_refused(void **state)
{
	(void)state;
	bear(SCOPED_PROGRAM);
	scoped_clean_up(CF_CURL_MULTI_REMOVE_HANDLE, CF_HANDLE_MULTI, &multi, 0);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	scoped_clean_up(CF_CURL_MULTI_REMOVE_HANDLE, CF_HANDLE_MULTI, &multi, 0);
}

static void a_handle_whose_cleanup_libcurl_refused_lives_on(void **state)
{
	struct cf_scope scope = cleanup_by(SCOPED_PROGRAM);
	struct cf_handle handle;

	(void)state;
	bear(SCOPED_PROGRAM);
	assert_true(cf_scope_enter(&scope, true));
	scoped_visit(1)->waited_ns = 150 * CF_MS;
	scoped_visit(1)->ended = 1;
	cf_scope_leave(&scope, 4, true);
	assert_true(cf_handles_find(CF_HANDLE_MULTI, (uintptr_t)&multi, &handle));
	assert_false(handle.is_gone);
	assert_true(handle.is_born);
	assert_true(handle.waited_ns == 150 * CF_MS);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_refused();
}

static void an_init_at_the_same_address_clears_the_mark(void **state)
{
	(void)state;
	bear(SCOPED_PROGRAM);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	bear(SCOPED_PROGRAM);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_refused();
	bear(SCOPED_LIBCURL);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
}

static void a_use_at_the_same_address_clears_the_mark(void **state)
{
	struct cf_scope use = scoped_call(CF_CURL_MULTI_PERFORM, CF_HANDLE_MULTI, &multi,
					  SCOPED_PROGRAM, 0);

	(void)state;
	bear(SCOPED_PROGRAM);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	cf_scope_enter_transfer(&use);
	cf_scope_leave_transfer(&use, 0);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_true(is_cleaned_up(SCOPED_PROGRAM)); /* its init was not seen */
}

static void an_easy_handle_that_is_added_to_a_multi_is_in_use(void **state)
{
	const void *program = scoped_address(SCOPED_PROGRAM);

	(void)state;
	scoped_bear(CF_HANDLE_EASY, &easy, SCOPED_PROGRAM);
	scoped_clean_up(CF_CURL_EASY_CLEANUP, CF_HANDLE_EASY, &easy, 0);
	cf_scope_note_owner(&easy, &multi, program);
	scoped_clean_up(CF_CURL_EASY_CLEANUP, CF_HANDLE_EASY, &easy, 0);
}

static void a_use_of_a_living_handle_keeps_what_is_known_of_it(void **state)
{
	struct cf_scope use = scoped_call(CF_CURL_MULTI_PERFORM, CF_HANDLE_MULTI, &multi,
					  SCOPED_PROGRAM, 0);

	(void)state;
	bear(SCOPED_PROGRAM);
	cf_scope_enter_transfer(&use);
	cf_scope_leave_transfer(&use, 0);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_refused();
}

static void a_handle_that_ends_without_us_leaves_no_mark(void **state)
{
	struct cf_scope scope = cleanup_by(SCOPED_PROGRAM);
	struct cf_handle handle;

	(void)state;
	bear(SCOPED_PROGRAM);
	cf_scope_forget(&scope);
	assert_false(cf_handles_find(CF_HANDLE_MULTI, (uintptr_t)&multi, &handle));
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
}

static void the_real_function_is_of_the_libcurl_that_made_the_handle(void **state)
{
	struct cf_scope scope = cleanup_by(SCOPED_PROGRAM);

	(void)state;
	assert_ptr_equal(cf_scope_real(&scope), scoped_maker);
	assert_int_equal(scoped_seen.function, CF_CURL_MULTI_CLEANUP);
	assert_ptr_equal(scoped_seen.asker, scope.caller); /* nobody knows who made it */
	bear(SCOPED_PROGRAM);
	cf_scope_real(&scope);
	assert_ptr_equal(scoped_seen.asker, scoped_maker);
	assert_true(is_cleaned_up(SCOPED_PROGRAM));
	cf_scope_real(&scope);
	assert_ptr_equal(scoped_seen.asker, scope.caller); /* another's, perhaps */
	scope.handle = NULL;
	cf_scope_real(&scope);
	assert_ptr_equal(scoped_seen.asker, scope.caller);
}

static void what_is_null_is_no_handle(void **state)
{
	(void)state;
	scoped_bear(CF_HANDLE_EASY, NULL, SCOPED_PROGRAM);
	cf_scope_note_owner(NULL, &multi, scoped_address(SCOPED_PROGRAM));
	assert_int_equal(cf_handles_count(), 0);
	scoped_clean_up(CF_CURL_EASY_CLEANUP, CF_HANDLE_EASY, NULL, 0);
	scoped_clean_up(CF_CURL_EASY_CLEANUP, CF_HANDLE_EASY, NULL, 0);
}

#define REPORT_TEST(function) cmocka_unit_test_setup(function, scoped_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPORT_TEST(a_cleanup_whose_wait_was_ended_is_reported_as_completed),
		REPORT_TEST(
			a_cleanup_that_took_its_time_and_ended_by_itself_has_finished),
		REPORT_TEST(observe_sets_no_instant_and_says_what_enforce_would),
		REPORT_TEST(without_a_deadline_there_is_no_instant),
		REPORT_TEST(a_transfer_whose_join_was_ended_is_reported_and_no_other),
		REPORT_TEST(a_second_cleanup_is_refused_and_reported_each_time),
		REPORT_TEST(a_double_event_tells_nothing_of_another_cleanups_waits),
		REPORT_TEST(a_handle_whose_init_was_not_seen_is_never_refused),
		REPORT_TEST(libcurls_own_cleanups_are_never_refused_and_make_no_mark),
		REPORT_TEST(a_handle_of_another_kind_at_that_address_is_not_refused),
		REPORT_TEST(a_call_that_does_not_end_the_handle_is_never_refused),
		REPORT_TEST(a_handle_whose_cleanup_libcurl_refused_lives_on),
		REPORT_TEST(an_init_at_the_same_address_clears_the_mark),
		REPORT_TEST(a_use_at_the_same_address_clears_the_mark),
		REPORT_TEST(an_easy_handle_that_is_added_to_a_multi_is_in_use),
		REPORT_TEST(a_use_of_a_living_handle_keeps_what_is_known_of_it),
		REPORT_TEST(a_handle_that_ends_without_us_leaves_no_mark),
		REPORT_TEST(the_real_function_is_of_the_libcurl_that_made_the_handle),
		REPORT_TEST(what_is_null_is_no_handle),
	};

	return unit_run(tests);
}
