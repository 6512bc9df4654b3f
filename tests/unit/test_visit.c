/* SPDX-License-Identifier: MIT */
/*
 * test_visit.c - the call of libcurl that a thread is inside. A frame is a place in an
 * array here: the stack grows downwards.
 */
#include <pthread.h>
#include <string.h>

#include "unit.h"
#include "visit.h"

static char stack[3];
static char *const outer = &stack[2], *const door = &stack[1], *const inner = &stack[0];

static struct cf_visit *begin(void)
{
	struct cf_visit *visit = cf_visit_now(door);

	*visit = (struct cf_visit){ .kind = CF_VISIT_CLEANUP, .frame = door };
	return visit;
}

static void a_thread_begins_in_no_visit(void **state)
{
	(void)state;
	assert_int_equal(cf_visit_now(inner)->kind, CF_VISIT_NONE);
}

static void a_door_that_runs_deeper_is_inside_the_visit(void **state)
{
	struct cf_visit *visit = begin();

	(void)state;
	assert_ptr_equal(cf_visit_now(inner), visit);
	assert_int_equal(visit->kind, CF_VISIT_CLEANUP);
	visit->kind = CF_VISIT_TRANSFER;
	assert_int_equal(cf_visit_now(inner)->kind, CF_VISIT_TRANSFER);
}

static void a_door_that_runs_no_deeper_than_the_one_that_began_it_drops_it(void **state)
{
	(void)state;
	begin();
	assert_int_equal(cf_visit_now(door)->kind, CF_VISIT_NONE);
	begin();
	assert_int_equal(cf_visit_now(outer)->kind, CF_VISIT_NONE);
	assert_int_equal(cf_visit_now(inner)->kind, CF_VISIT_NONE); /* for good */
}

static void *look_elsewhere(void *kind)
{
	*(enum cf_visit_kind *)kind = cf_visit_now(inner)->kind;
	*cf_visit_spent() += 5;
	return cf_visit_now(inner);
}

static void a_visit_and_what_was_spent_are_a_threads_own(void **state)
{
	struct cf_visit *visit = begin();
	enum cf_visit_kind kind = CF_VISIT_TRANSFER;
	pthread_t thread;
	void *elsewhere;

	(void)state;
	*cf_visit_spent() += 7;
	pthread_create(&thread, NULL, look_elsewhere, &kind);
	pthread_join(thread, &elsewhere);
	assert_int_equal(kind, CF_VISIT_NONE);
	assert_ptr_not_equal(elsewhere, visit);
	assert_int_equal(visit->kind, CF_VISIT_CLEANUP);
	assert_int_equal(*cf_visit_spent(), 7);
}

static void the_last_wait_that_was_ended_is_named_and_all_are_counted(void **state)
{
	struct cf_visit *visit = begin();

	(void)state;
	cf_visit_note_ended(visit, "answer of", "127.0.0.1:21");
	cf_visit_note_ended(visit, "resolve of", "a.example");
	assert_int_equal(visit->ended, 2);
	assert_string_equal(visit->waited_for, "resolve of a.example");
}

static void a_long_name_is_left_out_and_overwrites_nothing(void **state)
{
	struct {
		struct cf_visit visit;
		char behind[8];
	} both = { .behind = "behind" };
	char name[200];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cf_visit_note_ended(&both.visit, "resolve of", name);
	assert_int_equal(both.visit.ended, 1);
	assert_true(strlen(both.visit.waited_for) < sizeof(both.visit.waited_for));
	assert_memory_equal(both.visit.waited_for, "resolve of ", 11);
	assert_string_equal(both.behind, "behind");
}

static void
law_9_a_forked_childs_thread_is_in_no_visit_and_has_spent_nothing(void **state)
{
	(void)state;
	begin();
	*cf_visit_spent() = 7;
	cf_visit_after_fork();
	assert_int_equal(cf_visit_now(inner)->kind, CF_VISIT_NONE);
	assert_int_equal(*cf_visit_spent(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_begins_in_no_visit),
		cmocka_unit_test(a_door_that_runs_deeper_is_inside_the_visit),
		cmocka_unit_test(
			a_door_that_runs_no_deeper_than_the_one_that_began_it_drops_it),
		cmocka_unit_test(a_visit_and_what_was_spent_are_a_threads_own),
		cmocka_unit_test(
			the_last_wait_that_was_ended_is_named_and_all_are_counted),
		cmocka_unit_test(a_long_name_is_left_out_and_overwrites_nothing),
		cmocka_unit_test(
			law_9_a_forked_childs_thread_is_in_no_visit_and_has_spent_nothing),
	};

	return unit_run(tests);
}
