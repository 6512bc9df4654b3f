/* SPDX-License-Identifier: MIT */
/*
 * test_scope.c - when a cleanup's waits end: one deadline, whoever shares it, and who is
 * charged. Events and "is this libcurl" are doubles.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "fork.h"
#include "scoped.h"
#include "unit.h"

#define DEADLINE (SCOPED_DEADLINE_MS * CF_MS)

static int easy, multi, other; /* their addresses are handles */

static struct cf_scope multi_cleanup(int depth)
{
	return scoped_call(CF_CURL_MULTI_CLEANUP, CF_HANDLE_MULTI, &multi, SCOPED_PROGRAM,
			   depth);
}

static struct cf_scope easy_cleanup(enum scoped_caller caller, int depth)
{
	return scoped_call(CF_CURL_EASY_CLEANUP, CF_HANDLE_EASY, &easy, caller, depth);
}

static struct cf_scope perform(enum scoped_caller caller, int depth)
{
	return scoped_call(CF_CURL_MULTI_PERFORM, CF_HANDLE_MULTI, &other, caller, depth);
}

static struct cf_scope multi_removal(int depth)
{
	return scoped_call(CF_CURL_MULTI_REMOVE_HANDLE, CF_HANDLE_MULTI, &multi,
			   SCOPED_PROGRAM, depth);
}

static int64_t clean_multi(const void *handle, int64_t waits_ms)
{
	return scoped_clean_up(CF_CURL_MULTI_CLEANUP, CF_HANDLE_MULTI, handle, waits_ms);
}

static int64_t clean_easy(const void *handle, int64_t waits_ms)
{
	return scoped_clean_up(CF_CURL_EASY_CLEANUP, CF_HANDLE_EASY, handle, waits_ms);
}

static int64_t remove_easy(const void *handle, int64_t waits_ms)
{
	return scoped_clean_up(CF_CURL_MULTI_REMOVE_HANDLE, CF_HANDLE_MULTI, handle,
			       waits_ms);
}

static void an_outermost_cleanup_has_one_deadline_and_then_it_is_over(void **state)
{
	struct cf_scope scope = multi_cleanup(0);
	cf_instant before = cf_clock_now();

	(void)state;
	errno = EDOM;
	assert_true(cf_scope_enter(&scope, true));
	struct cf_visit *visit = scoped_visit(1);
	assert_int_equal(visit->kind, CF_VISIT_CLEANUP);
	assert_string_equal(visit->call, "curl_multi_cleanup");
	assert_ptr_equal(visit->handle, &multi);
	assert_ptr_equal(visit->inner, &multi);
	assert_true(visit->began >= before);
	assert_true(visit->until == visit->began + DEADLINE);
	cf_scope_leave(&scope, 0, false);
	assert_int_equal(visit->kind, CF_VISIT_NONE);
	assert_int_equal(errno, EDOM);
	assert_int_equal(scoped_seen.reports, 1);
	assert_int_equal(scoped_seen.event.ending, CF_EVENT_FINISHED);
}

static void share(enum scoped_caller caller)
{
	struct cf_scope outer = multi_cleanup(0), nested = easy_cleanup(caller, 2);

	assert_true(cf_scope_enter(&outer, true));
	struct cf_visit *visit = scoped_visit(1);
	cf_instant until = visit->until;
	visit->waited_ns = 7;
	assert_true(cf_scope_enter(&nested, true));
	assert_true(visit->until == until);
	assert_string_equal(visit->call, "curl_multi_cleanup");
	assert_ptr_equal(visit->handle, &multi);
	assert_ptr_equal(visit->inner, &easy);
	cf_scope_leave(&nested, 0, false);
	assert_int_equal(visit->kind, CF_VISIT_CLEANUP);
	assert_true(visit->until == until);
	assert_int_equal(visit->waited_ns, 7);
	assert_ptr_equal(visit->inner, &multi);
	assert_int_equal(scoped_seen.reports, 0);
	cf_scope_leave(&outer, 0, false);
	assert_int_equal(visit->kind, CF_VISIT_NONE);
	assert_int_equal(scoped_seen.reports, 1);
	scoped_seen.reports = 0;
}

static void a_nested_cleanup_shares_the_deadline_of_the_outermost(void **state)
{
	(void)state;
	share(SCOPED_LIBCURL);
	share(SCOPED_PROGRAM); /* from a callback */
}

static void a_transfer_inside_stops_the_clock_and_gives_the_time_back(void **state)
{
	struct cf_scope outer = multi_cleanup(0), inside = perform(SCOPED_PROGRAM, 2);

	(void)state;
	cf_scope_enter(&outer, true);
	struct cf_visit *visit = scoped_visit(1);
	cf_instant until = visit->until;
	cf_scope_enter_transfer(&inside);
	assert_int_equal(scoped_visit(3)->kind, CF_VISIT_TRANSFER);
	assert_true(visit->until == CF_NEVER);
	assert_ptr_equal(visit->handle, &other);
	unit_pass(30);
	cf_scope_leave_transfer(&inside, 0);
	assert_int_equal(visit->kind, CF_VISIT_CLEANUP);
	assert_ptr_equal(visit->handle, &multi);
	unit_assert_took(visit->until - until, 30, 30);
	assert_int_equal(scoped_seen.reports, 0);
}

static void a_transfer_of_libcurls_own_inside_a_cleanup_is_part_of_it(void **state)
{
	struct cf_scope outer = multi_cleanup(0), inside = perform(SCOPED_LIBCURL, 2);

	(void)state;
	cf_scope_enter(&outer, true);
	struct cf_visit *visit = scoped_visit(1);
	cf_instant until = visit->until;
	cf_scope_enter_transfer(&inside);
	assert_int_equal(visit->kind, CF_VISIT_CLEANUP);
	unit_pass(5);
	cf_scope_leave_transfer(&inside, 0);
	assert_int_equal(visit->kind, CF_VISIT_CLEANUP);
	assert_true(visit->until == until);
}

static void a_cleanup_in_a_transfer_is_the_programs_or_part_of_the_transfer(void **state)
{
	struct cf_scope outer = perform(SCOPED_PROGRAM, 0);
	struct cf_scope programs = easy_cleanup(SCOPED_PROGRAM, 2);
	struct cf_scope libcurls = easy_cleanup(SCOPED_LIBCURL, 2);

	(void)state;
	cf_scope_enter_transfer(&outer);
	struct cf_visit *visit = scoped_visit(1);
	assert_true(cf_scope_enter(&libcurls, true));
	assert_int_equal(visit->kind, CF_VISIT_TRANSFER);
	cf_scope_leave(&libcurls, 0, false);
	assert_int_equal(scoped_seen.reports, 0);
	assert_true(cf_scope_enter(&programs, true));
	assert_int_equal(visit->kind, CF_VISIT_CLEANUP);
	assert_true(visit->until == visit->began + DEADLINE);
	cf_scope_leave(&programs, 0, false);
	assert_int_equal(visit->kind, CF_VISIT_TRANSFER);
	cf_scope_leave_transfer(&outer, 0);
	assert_int_equal(visit->kind, CF_VISIT_NONE);
	assert_int_equal(scoped_seen.reports, 1);
}

static void a_cleanup_left_by_longjmp_ends_with_the_next_one(void **state)
{
	struct cf_scope left = multi_cleanup(3), next = easy_cleanup(SCOPED_PROGRAM, 2);

	(void)state;
	cf_scope_enter(&left, true);
	scoped_visit(4)->until = 4711;
	assert_true(cf_scope_enter(&next, true));
	assert_ptr_equal(scoped_visit(3)->handle, &easy);
	assert_true(scoped_visit(3)->until == scoped_visit(3)->began + DEADLINE);
	cf_scope_leave(&next, 0, false);
	assert_int_equal(scoped_visit(4)->kind, CF_VISIT_NONE);
}

static void what_is_left_by_longjmp_inside_a_cleanup_is_not_reported_as_it(void **state)
{
	struct cf_scope outer = multi_cleanup(0), left = perform(SCOPED_PROGRAM, 2);

	(void)state;
	cf_scope_enter(&outer, true);
	cf_scope_enter_transfer(&left); /* never left: the callback jumped over it */
	cf_scope_leave(&outer, 0, false);
	assert_int_equal(scoped_visit(8)->kind, CF_VISIT_NONE);
	assert_int_equal(scoped_seen.reports, 0);
}

static void cleanups_of_one_multi_share_one_deadline_however_many_they_are(void **state)
{
	(void)state;
	scoped_bear(CF_HANDLE_MULTI, &multi, SCOPED_PROGRAM);
	assert_true(remove_easy(&multi, 150) == DEADLINE);
	assert_true(remove_easy(&multi, 40) == 50 * CF_MS);
	assert_true(remove_easy(&multi, 20) == 10 * CF_MS);
	assert_true(remove_easy(&multi, 0) == 0);
	assert_true(clean_multi(&multi, 0) == 0);
	assert_true(clean_multi(&other, 0) == DEADLINE);
	assert_true(clean_easy(&easy, 0) == DEADLINE); /* of no multi */
}

static void what_was_answered_in_time_is_charged_to_nobody(void **state)
{
	(void)state;
	scoped_bear(CF_HANDLE_MULTI, &multi, SCOPED_PROGRAM);
	for (int i = 0; i < 10; i++) {
		struct cf_scope scope = multi_removal(0);

		assert_true(cf_scope_enter(&scope, false));
		assert_true(scoped_visit(1)->until == scoped_visit(1)->began + DEADLINE);
		scoped_visit(1)->waited_ns = 50 * CF_MS;
		cf_scope_leave(&scope, 0, false);
	}
}

static void an_easy_handle_is_charged_to_the_multi_that_it_is_in(void **state)
{
	const void *program = scoped_address(SCOPED_PROGRAM);

	(void)state;
	scoped_bear(CF_HANDLE_MULTI, &multi, SCOPED_PROGRAM);
	cf_scope_note_owner(&easy, &multi, program);
	assert_true(clean_easy(&easy, 150) == DEADLINE);
	assert_true(remove_easy(&multi, 0) == 50 * CF_MS);
	assert_true(*cf_visit_spent() == 0);
	scoped_bear(CF_HANDLE_EASY, &easy, SCOPED_PROGRAM);
	cf_scope_note_owner(&easy, &multi, program);
	cf_scope_note_owner(&easy, NULL, program);
	assert_true(clean_easy(&easy, 0) == DEADLINE);
}

static void easy_handles_that_outlive_their_multi_share_one_deadline_too(void **state)
{
	(void)state;
	cf_scope_note_owner(&easy, &multi, scoped_address(SCOPED_PROGRAM));
	cf_scope_note_owner(&other, &multi, scoped_address(SCOPED_PROGRAM));
	clean_multi(&multi, 0); /* whose init was not seen: nothing is known of it now */
	assert_true(clean_easy(&easy, 150) == DEADLINE);
	assert_true(clean_easy(&other, 0) == 50 * CF_MS);
}

static void a_private_multi_of_libcurls_is_nobodys_owner(void **state)
{
	(void)state;
	cf_scope_note_owner(&easy, &multi, scoped_address(SCOPED_LIBCURL));
	assert_true(clean_easy(&easy, 30) == DEADLINE);
	assert_true(*cf_visit_spent() == 30 * CF_MS);
}

static void *clean_elsewhere(void *length_ns)
{
	*(int64_t *)length_ns = clean_easy(&other, 0);
	return NULL;
}

static void cleanups_without_a_multi_share_one_deadline_of_their_thread(void **state)
{
	int64_t length_ns = 0;
	pthread_t thread;

	(void)state;
	assert_true(clean_easy(&easy, 150) == DEADLINE);
	assert_true(clean_easy(&other, 50) == 50 * CF_MS);
	assert_true(clean_easy(&easy, 0) == 0);
	pthread_create(&thread, NULL, clean_elsewhere, &length_ns);
	pthread_join(thread, NULL);
	assert_true(length_ns == DEADLINE);
}

static void what_completes_gives_the_whole_deadline_back(void **state)
{
	(void)state;
	scoped_bear(CF_HANDLE_MULTI, &multi, SCOPED_PROGRAM);
	remove_easy(&multi, 150);
	clean_easy(&easy, 150);
	cf_scope_note_complete(CF_HANDLE_EASY, &easy);
	assert_true(clean_easy(&other, 150) == DEADLINE);
	assert_true(remove_easy(&multi, 0) == 50 * CF_MS);
	cf_scope_note_complete(CF_HANDLE_MULTI, &multi);
	assert_true(remove_easy(&multi, 0) == DEADLINE);
	assert_true(clean_easy(&other, 0) == DEADLINE);
}

static void be_in_no_cleanup(void **state)
{
	struct cf_scope nested = easy_cleanup(SCOPED_PROGRAM, 2);

	(void)state;
	assert_true(cf_fork_settle());
	assert_int_equal(*cf_visit_spent(), 0);
	assert_int_equal(scoped_visit(2)->kind, CF_VISIT_NONE);
	assert_true(cf_scope_enter(&nested, true));
	assert_true(nested.is_outermost);
	assert_true(scoped_visit(3)->until == scoped_visit(3)->began + DEADLINE);
}

static void law_9_a_child_forked_in_a_cleanup_is_not_in_it(void **state)
{
	struct cf_scope outer = multi_cleanup(0);

	(void)state;
	*cf_visit_spent() = 150 * CF_MS;
	cf_scope_enter(&outer, true);
	unit_in_child(be_in_no_cleanup, NULL); /* as from a callback */
	assert_int_equal(scoped_visit(1)->kind, CF_VISIT_CLEANUP);
}

#define SCOPE_TEST(function) cmocka_unit_test_setup(function, scoped_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCOPE_TEST(an_outermost_cleanup_has_one_deadline_and_then_it_is_over),
		SCOPE_TEST(a_nested_cleanup_shares_the_deadline_of_the_outermost),
		SCOPE_TEST(a_transfer_inside_stops_the_clock_and_gives_the_time_back),
		SCOPE_TEST(a_transfer_of_libcurls_own_inside_a_cleanup_is_part_of_it),
		SCOPE_TEST(
			a_cleanup_in_a_transfer_is_the_programs_or_part_of_the_transfer),
		SCOPE_TEST(a_cleanup_left_by_longjmp_ends_with_the_next_one),
		SCOPE_TEST(
			what_is_left_by_longjmp_inside_a_cleanup_is_not_reported_as_it),
		SCOPE_TEST(
			cleanups_of_one_multi_share_one_deadline_however_many_they_are),
		SCOPE_TEST(what_was_answered_in_time_is_charged_to_nobody),
		SCOPE_TEST(an_easy_handle_is_charged_to_the_multi_that_it_is_in),
		SCOPE_TEST(easy_handles_that_outlive_their_multi_share_one_deadline_too),
		SCOPE_TEST(a_private_multi_of_libcurls_is_nobodys_owner),
		SCOPE_TEST(cleanups_without_a_multi_share_one_deadline_of_their_thread),
		SCOPE_TEST(what_completes_gives_the_whole_deadline_back),
		SCOPE_TEST(law_9_a_child_forked_in_a_cleanup_is_not_in_it),
	};

	return unit_run(tests);
}
