/* SPDX-License-Identifier: MIT */
/*
 * test_wait_threads.c - wait.h once more: joins and condition waits of libcurl's, with
 * real threads whose resolves hang. A frame is a place in an array here: the stack grows
 * downwards. The clock is ours to set: how old a thread is.
 */
#include <errno.h>
#include <unistd.h>

#include "resolving.h"
#include "unit.h"
#include "visit.h"
#include "wait.h"

cf_instant __real_cf_clock_now(void);
cf_instant __wrap_cf_clock_now(void);

static char stack[2];
static char *const door = &stack[1], *const inner = &stack[0];
static struct cf_policy policy;
static int easy, multi; /* their addresses are handles */
static cf_instant frozen_at;

cf_instant __wrap_cf_clock_now(void)
{
	return frozen_at ? frozen_at : __real_cf_clock_now();
}

static int given_a_policy(void **state)
{
	(void)state;
	cf_policy_defaults(&policy);
	policy.deadline_ns[CF_CLASS_CURL] = 50 * CF_MS;
	cf_wait_begin(&policy);
	resolving_begin();
	return 0;
}

static struct cf_visit *enter(enum cf_visit_kind kind, int64_t length_ns)
{
	struct cf_visit *visit = cf_visit_now(inner);

	*visit = (struct cf_visit){ .kind = kind,
				    .frame = door,
				    .handle = &multi,
				    .inner = &easy,
				    .until = cf_clock_after(length_ns) };
	return visit;
}

/* What the doubles of pthread_join() and pthread_cond_wait() saw. */
static struct {
	int calls;
	pthread_t thread;
	void **value;
	pthread_cond_t *condition;
	pthread_mutex_t *mutex;
} fake;

static int fake_join(pthread_t thread, void **value)
{
	fake.calls++;
	fake.thread = thread;
	fake.value = value;
	return EDEADLK;
}

static int fake_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
	fake.calls++;
	fake.condition = condition;
	fake.mutex = mutex;
	return EPERM;
}

static void assert_is_the_real_join(pthread_t thread)
{
	void *value;

	fake.calls = 0;
	assert_int_equal(cf_wait_join(fake_join, thread, &value, NULL, inner), EDEADLK);
	assert_int_equal(fake.calls, 1);
	assert_true(pthread_equal(fake.thread, thread));
	assert_ptr_equal(fake.value, &value);
}

static void outside_of_a_visit_a_join_is_the_real_one(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_hang(&resolving, "late.missing", NULL);
	assert_is_the_real_join(resolving.thread);
	resolving_let_go(1);
	pthread_join(resolving.thread, NULL);
	assert_int_equal(resolving.result, EAI_SYSTEM);
}

static void a_join_of_a_thread_that_is_not_libcurls_is_the_real_one(void **state)
{
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 0);

	(void)state;
	assert_is_the_real_join(pthread_self());
	assert_int_equal(visit->ended, 0);
}

static void assert_joins(const struct resolving *resolving, int result)
{
	void *value = NULL;

	assert_int_equal(
		cf_wait_join(pthread_join, resolving->thread, &value, NULL, inner), 0);
	assert_ptr_equal(value, resolving);
	assert_int_equal(resolving->result, result);
}

static void a_join_is_cut_at_the_instant(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_hang(&resolving, "late.missing", NULL);
	cf_instant began = cf_clock_now();
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 50 * CF_MS);
	assert_joins(&resolving, EAI_AGAIN);
	unit_assert_took(cf_clock_now() - began, 50, 50);
	unit_assert_took(visit->waited_ns, 49, 50);
	assert_int_equal(visit->ended, 1);
	assert_string_equal(visit->waited_for, "resolve of late.missing");
}

static void a_thread_that_ends_in_time_is_joined_and_nothing_is_ended(void **state)
{
	struct resolving resolving = { .start = NULL };
	struct gate late = gate_shut();

	(void)state;
	resolving.start = &late;
	resolving_start(&resolving, "missing.example", NULL);
	gate_open_late(&late, 40);
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 20000 * CF_MS);
	assert_joins(&resolving, EAI_SYSTEM);
	assert_int_equal(visit->ended, 0);
	assert_true(visit->waited_ns > 0);
}

/* A join in a transfer that began now, and polled `polled_ms` later; of a thread that was
   made `born_ms` later (both may be earlier), and ends after 200 ms. */
static struct cf_visit *join_in_transfer(int64_t born_ms, int64_t polled_ms, int result)
{
	struct gate late = gate_shut();
	struct resolving resolving = { .start = &late };
	cf_instant now = cf_clock_now();

	frozen_at = now + born_ms * CF_MS;
	resolving_start(&resolving, "missing.example", NULL);
	frozen_at = now;
	gate_open_late(&late, 200);
	struct cf_visit *visit = enter(CF_VISIT_TRANSFER, CF_NEVER);
	visit->began = now;
	visit->polled = now + polled_ms * CF_MS;
	frozen_at = 0;
	assert_joins(&resolving, result);
	return visit;
}

static void in_a_transfer_a_thread_that_is_joined_at_once_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(join_in_transfer(2, 1, EAI_SYSTEM)->ended, 0);
}

static void in_a_transfer_a_thread_of_an_earlier_call_is_given_one_deadline(void **state)
{
	(void)state;
	struct cf_visit *visit = join_in_transfer(-1, -2, EAI_AGAIN);
	unit_assert_took(visit->waited_ns, 50, 50);
	assert_int_equal(visit->ended, 1);
	assert_true(visit->until == CF_NEVER);
}

static void in_a_transfer_a_thread_that_was_polled_for_is_given_one_deadline(void **state)
{
	(void)state;
	assert_int_equal(join_in_transfer(1, 2, EAI_AGAIN)->ended, 1);
}

static void in_a_transfer_that_is_only_observed_every_thread_is_waited_for(void **state)
{
	(void)state;
	policy.mode = CF_MODE_OBSERVE;
	struct cf_visit *visit = join_in_transfer(-5000, -5000, EAI_SYSTEM);
	assert_int_equal(visit->ended, 0);
	assert_true(visit->is_overdue);
	assert_false(join_in_transfer(5, -5000, EAI_SYSTEM)->is_overdue); /* meant to */
}

static void without_a_deadline_an_old_thread_is_waited_for_in_a_transfer(void **state)
{
	(void)state;
	policy.deadline_ns[CF_CLASS_CURL] = CF_NEVER;
	assert_int_equal(join_in_transfer(-5000, -5000, EAI_SYSTEM)->ended, 0);
}

static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void assert_is_the_real_wait(void)
{
	fake.calls = 0;
	assert_int_equal(cf_wait_condition(fake_wait, &condition, &mutex, inner), EPERM);
	assert_int_equal(fake.calls, 1);
	assert_ptr_equal(fake.condition, &condition);
	assert_ptr_equal(fake.mutex, &mutex);
}

static void outside_of_a_scope_a_condition_wait_is_the_real_one(void **state)
{
	(void)state;
	assert_is_the_real_wait();
	enter(CF_VISIT_TRANSFER, 0);
	assert_is_the_real_wait();
}

static void in_a_scope_a_condition_wait_returns_early_and_ends_nothing(void **state)
{
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 20000 * CF_MS);
	cf_instant began = cf_clock_now();

	(void)state;
	pthread_mutex_lock(&mutex);
	assert_int_equal(cf_wait_condition(fake_wait, &condition, &mutex, inner), 0);
	unit_assert_took(cf_clock_now() - began, 0, 10);
	assert_int_equal(pthread_mutex_trylock(&mutex), EBUSY);
	pthread_mutex_unlock(&mutex);
	assert_int_equal(fake.calls, 0);
	assert_int_equal(visit->ended, 0);
	assert_true(visit->waited_ns > 0);
}

static void past_the_instant_a_condition_wait_cancels_what_is_the_handles(void **state)
{
	struct resolving one = { .start = NULL }, strange = one;

	(void)state;
	resolving_hang(&one, "late.missing.one", &multi);
	resolving_hang(&strange, "late.missing.strange", &policy);
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 0);
	assert_is_the_real_wait();
	assert_int_equal(visit->ended, 1);
	assert_string_equal(visit->waited_for, "resolve of late.missing.one");
	pthread_join(one.thread, NULL);
	assert_int_equal(one.result, EAI_AGAIN);
	resolving_let_go(2);
	pthread_join(strange.thread, NULL);
	assert_int_equal(strange.result, EAI_SYSTEM);
}

static void what_is_the_inner_handles_is_cancelled_too(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_hang(&resolving, "late.missing", &easy);
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 0);
	assert_is_the_real_wait();
	assert_int_equal(visit->ended, 1);
	pthread_join(resolving.thread, NULL);
	assert_int_equal(resolving.result, EAI_AGAIN);
}

static void a_cleanup_without_a_handle_cancels_nobodys_resolve(void **state)
{
	struct resolving resolving = { .start = NULL };
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 0);

	(void)state;
	visit->handle = visit->inner = NULL; /* curl_global_cleanup() */
	resolving_hang(&resolving, "late.missing", NULL);
	assert_is_the_real_wait();
	assert_int_equal(visit->ended, 0);
	resolving_let_go(1);
	pthread_join(resolving.thread, NULL);
	assert_int_equal(resolving.result, EAI_SYSTEM);
}

static void *resolve_late(void *gate)
{
	struct addrinfo *list;
	char byte;

	return read(((struct gate *)gate)->fd, &byte, 1) == 1 &&
			       cf_resolver_resolve(&resolving_real, "missing.example",
						   "80", NULL, &list) == EAI_AGAIN
		       ? gate
		       : NULL;
}

/* Whether a cancel for `owner` reaches a thread that was made now. */
static bool is_made_for(const void *owner)
{
	struct gate gate = gate_shut();
	char name[64];
	pthread_t thread;
	void *value = NULL;

	assert_int_equal(cf_wait_create(&resolving_real, &thread, NULL, resolve_late,
					&gate, inner),
			 0);
	bool is_found = cf_resolver_cancel_owned(owner, name, sizeof(name));
	gate_open(&gate, 1);
	assert_int_equal(pthread_join(thread, &value), 0);
	assert_ptr_equal(value, is_found ? &gate : NULL);
	return is_found;
}

static void a_thread_belongs_to_the_handle_of_the_call_it_is_made_in(void **state)
{
	(void)state;
	assert_false(is_made_for(&multi));
	enter(CF_VISIT_TRANSFER, CF_NEVER);
	assert_true(is_made_for(&multi));
	assert_false(is_made_for(&easy));
	enter(CF_VISIT_CLEANUP, CF_NEVER);
	assert_true(is_made_for(&multi));
}

#define WAIT_TEST(function) cmocka_unit_test_setup(function, given_a_policy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAIT_TEST(outside_of_a_visit_a_join_is_the_real_one),
		WAIT_TEST(a_join_of_a_thread_that_is_not_libcurls_is_the_real_one),
		WAIT_TEST(a_join_is_cut_at_the_instant),
		WAIT_TEST(a_thread_that_ends_in_time_is_joined_and_nothing_is_ended),
		WAIT_TEST(in_a_transfer_a_thread_that_is_joined_at_once_is_waited_for),
		WAIT_TEST(
			in_a_transfer_a_thread_of_an_earlier_call_is_given_one_deadline),
		WAIT_TEST(
			in_a_transfer_a_thread_that_was_polled_for_is_given_one_deadline),
		WAIT_TEST(in_a_transfer_that_is_only_observed_every_thread_is_waited_for),
		WAIT_TEST(without_a_deadline_an_old_thread_is_waited_for_in_a_transfer),
		WAIT_TEST(outside_of_a_scope_a_condition_wait_is_the_real_one),
		WAIT_TEST(in_a_scope_a_condition_wait_returns_early_and_ends_nothing),
		WAIT_TEST(past_the_instant_a_condition_wait_cancels_what_is_the_handles),
		WAIT_TEST(what_is_the_inner_handles_is_cancelled_too),
		WAIT_TEST(a_cleanup_without_a_handle_cancels_nobodys_resolve),
		WAIT_TEST(a_thread_belongs_to_the_handle_of_the_call_it_is_made_in),
	};

	return unit_run(tests);
}
