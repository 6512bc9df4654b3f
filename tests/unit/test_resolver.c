/* SPDX-License-Identifier: MIT */
/*
 * test_resolver.c - resolves on real threads, and how they are cancelled.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "resolving.h"
#include "unit.h"

#define SOON (5000 * CF_MS)

static int owner, other_owner; /* their addresses are handles */
static char name[64];
static cf_instant born;

static int given_a_shut_gate(void **state)
{
	(void)state;
	resolving_begin();
	return 0;
}

static void end(const struct resolving *resolving)
{
	void *value = NULL;

	assert_int_equal(pthread_join(resolving->thread, &value), 0);
	assert_ptr_equal(value, resolving);
}

static void assert_ends_with(const struct resolving *resolving, int result)
{
	end(resolving);
	assert_int_equal(resolving->result, result);
}

static bool is_all(const sigset_t *mask)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	for (int number = 1; number <= SIGRTMAX; number++) {
		if (sigismember(&all, number) == 1 && sigismember(mask, number) != 1)
			return false;
	}
	return true;
}

static void a_resolve_runs_on_another_thread_with_every_signal_blocked(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_start(&resolving, "now.example", NULL);
	end(&resolving);
	assert_false(pthread_equal(resolving_seen.thread, resolving.thread));
	assert_false(pthread_equal(resolving_seen.thread, pthread_self()));
	assert_true(is_all(&resolving_seen.mask));
	assert_false(sigismember(&resolving.mask, SIGUSR1));
	assert_false(sigismember(&resolving.mask, SIGALRM));
}

static void what_was_asked_and_what_was_found_is_the_plain_calls(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_start(&resolving, "now.example", NULL);
	assert_ends_with(&resolving, 0);
	assert_non_null(resolving.list);
	assert_string_equal(resolving_seen.host, "now.example");
	assert_string_equal(resolving_seen.service, "80");
	assert_int_equal(resolving_seen.hints.ai_family, 4711);
	resolving_await_end();
	assert_int_equal(resolving_seen.released, 0);
	resolving_real.release(resolving.list);
}

static void a_resolve_that_fails_has_its_own_errno_and_no_list(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_start(&resolving, "missing.example", NULL);
	assert_ends_with(&resolving, EAI_SYSTEM);
	assert_int_equal(resolving.error, ENETDOWN);
	assert_null(resolving.list);
	resolving_await_end();
	assert_int_equal(resolving_seen.released, 0);
}

static void
a_cancelled_resolve_is_eai_again_and_its_late_list_is_released_once(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_hang(&resolving, "host.example", NULL);
	assert_true(cf_resolver_cancel(resolving.thread, true, name, sizeof(name)));
	assert_string_equal(name, "host.example");
	assert_ends_with(&resolving, EAI_AGAIN); /* while it still hangs */
	assert_int_equal(resolving_seen.ended, 0);
	assert_null(resolving.list);
	resolving_let_go(1);
	resolving_await_end();
	assert_int_equal(resolving_seen.ended, 1);
	assert_int_equal(resolving_seen.released, 1);
}

static void a_cancelled_resolve_that_fails_late_has_nothing_to_release(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_hang(&resolving, "late.missing", NULL);
	assert_true(cf_resolver_cancel(resolving.thread, true, name, sizeof(name)));
	assert_ends_with(&resolving, EAI_AGAIN);
	resolving_let_go(1);
	resolving_await_end();
	assert_int_equal(resolving_seen.ended, 1);
	assert_int_equal(resolving_seen.released, 0);
}

static void a_cancel_holds_for_every_resolve_that_the_thread_comes_to_later(void **state)
{
	struct gate start = gate_shut();
	struct resolving resolving = { .start = &start, .is_twice = true };

	(void)state;
	resolving_start(&resolving, "now.example", NULL);
	strcpy(name, "unchanged");
	assert_true(cf_resolver_cancel(resolving.thread, true, name, sizeof(name)));
	assert_string_equal(name, "");
	gate_open(&start, 1);
	assert_ends_with(&resolving, EAI_AGAIN);
	assert_int_equal(resolving_seen.begun, 0);
}

static void a_resolve_that_is_over_is_not_abandoned_by_a_cancel(void **state)
{
	struct gate start = gate_shut();
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_start(&resolving, "now.example", NULL);
	assert_ends_with(&resolving, 0);
	resolving_real.release(resolving.list);
	for (int i = 0; i <= CF_RESOLVER_MOST_ABANDONED; i++) {
		struct resolving later = { .start = &start };

		resolving_start(&later, "now.example", NULL);
		assert_true(cf_resolver_cancel(later.thread, true, name, sizeof(name)));
		gate_open(&start, 1);
		assert_ends_with(&later, EAI_AGAIN);
	}
}

static void the_resolve_of_another_thread_is_untouched(void **state)
{
	struct resolving one = { .start = NULL }, other = { .start = NULL };

	(void)state;
	resolving_hang(&one, "one.example", &owner);
	resolving_hang(&other, "other.example", &owner);
	assert_true(cf_resolver_cancel(one.thread, true, name, sizeof(name)));
	assert_string_equal(name, "one.example");
	assert_ends_with(&one, EAI_AGAIN);
	resolving_let_go(2);
	assert_ends_with(&other, 0);
	resolving_await_end();
	assert_int_equal(resolving_seen.released, 1);
	resolving_real.release(other.list);
}

static void a_cancel_by_owner_reaches_every_thread_of_its_and_no_other(void **state)
{
	struct resolving one = { .start = NULL }, two = one, strange = one, free = one;

	(void)state;
	resolving_hang(&one, "one.example", &owner);
	resolving_hang(&strange, "strange.example", &other_owner);
	resolving_hang(&free, "free.example", NULL);
	resolving_hang(&two, "two.example", &owner);
	assert_true(cf_resolver_cancel_owned(&owner, name, sizeof(name)));
	assert_ends_with(&one, EAI_AGAIN);
	assert_ends_with(&two, EAI_AGAIN);
	resolving_let_go(4);
	assert_ends_with(&strange, 0);
	assert_ends_with(&free, 0);
	assert_false(cf_resolver_cancel_owned(&owner, name, sizeof(name)));
	resolving_await_end();
	assert_int_equal(resolving_seen.released, 2);
	resolving_real.release(strange.list);
	resolving_real.release(free.list);
}

static bool is_cancelled(void *resolving)
{
	return cf_resolver_cancel(((struct resolving *)resolving)->thread, true, name,
				  sizeof(name));
}

static void abandon(int count)
{
	for (int i = 0; i < count; i++) {
		struct resolving resolving = { .start = NULL };

		resolving_hang(&resolving, "host.example", &owner);
		assert_true(is_cancelled(&resolving));
		assert_ends_with(&resolving, EAI_AGAIN);
	}
}

static void at_most_64_resolves_are_abandoned_at_a_time(void **state)
{
	struct gate start = gate_shut();
	struct resolving last = { .start = &start };

	(void)state;
	abandon(CF_RESOLVER_MOST_ABANDONED);
	resolving_start(&last, "now.example", &owner);
	assert_false(is_cancelled(&last));
	assert_false(cf_resolver_cancel_owned(&owner, name, sizeof(name)));
	gate_open(&start, 1);
	assert_ends_with(&last, 0); /* nothing was cancelled */
	resolving_real.release(last.list);
	resolving_start(&last, "now.example", &owner);
	resolving_let_go(1);
	assert_true(unit_await(is_cancelled, &last, 5000));
	resolving_let_go(CF_RESOLVER_MOST_ABANDONED - 1);
	gate_open(&start, 1);
	assert_ends_with(&last, EAI_AGAIN);
}

static void
a_thread_that_cannot_be_made_has_the_real_error_and_leaves_nothing(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_refused = 1;
	assert_int_equal(cf_resolver_create(&resolving_real, &resolving.thread, NULL,
					    NULL, NULL, &owner),
			 EAGAIN);
	assert_false(cf_resolver_cancel_owned(&owner, name, sizeof(name)));
}

static void when_no_other_thread_can_be_made_it_is_the_plain_call(void **state)
{
	struct gate start = gate_shut();
	struct resolving resolving = { .start = &start };

	(void)state;
	resolving_start(&resolving, "missing.example", NULL);
	resolving_refused = 1;
	gate_open(&start, 1);
	assert_ends_with(&resolving, EAI_SYSTEM);
	assert_int_equal(resolving.error, ENETDOWN);
	assert_true(pthread_equal(resolving_seen.thread, resolving.thread));
	assert_int_equal(resolving_refused, 0);
}

static void on_a_thread_that_is_not_libcurls_it_is_the_plain_call(void **state)
{
	struct addrinfo *list = NULL;

	(void)state;
	assert_int_equal(
		cf_resolver_resolve(&resolving_real, "now.example", "80", NULL, &list),
		0);
	assert_true(pthread_equal(resolving_seen.thread, pthread_self()));
	assert_non_null(list);
	resolving_real.release(list);
}

static void be_one_of_libcurls_in_a_child(void **state)
{
	struct addrinfo *list = NULL;

	cf_resolver_after_fork();
	assert_true(cf_resolver_await(*(pthread_t *)*state, SOON, &born));
	assert_false(cf_resolver_cancel(*(pthread_t *)*state, true, name, sizeof(name)));
	assert_false(cf_resolver_cancel_owned(&owner, name, sizeof(name)));
	assert_int_equal(
		cf_resolver_resolve(&resolving_real, "now.example", "80", NULL, &list),
		0);
	assert_true(pthread_equal(resolving_seen.thread, pthread_self()));
}

static void law_9_in_a_forked_child_no_thread_of_the_parents_is_known(void **state)
{
	struct resolving resolving = { .start = NULL };

	(void)state;
	resolving_hang(&resolving, "host.example", &owner);
	unit_in_child(be_one_of_libcurls_in_a_child, &resolving.thread);
	resolving_let_go(1);
	assert_ends_with(&resolving, 0);
	resolving_real.release(resolving.list);
}

static int run_here(pthread_t *thread, const pthread_attr_t *attributes,
		    void *(*run)(void *), void *argument)
{
	(void)attributes;
	*thread = pthread_self();
	run(argument);
	return 0;
}

static void *cancel_itself(void *is_done)
{
	*(bool *)is_done = cf_resolver_cancel(pthread_self(), true, name, sizeof(name));
	return NULL;
}

static void cancel_in_a_child(void **state)
{
	const struct cf_resolver_real real = { .create = run_here };
	pthread_t thread;
	bool is_done = false;

	(void)state;
	cf_resolver_after_fork();
	assert_int_equal(
		cf_resolver_create(&real, &thread, NULL, cancel_itself, &is_done, NULL),
		0);
	assert_true(is_done);
}

static void law_9_a_forked_child_has_abandoned_nothing(void **state)
{
	(void)state;
	abandon(CF_RESOLVER_MOST_ABANDONED);
	unit_in_child(cancel_in_a_child, NULL);
	resolving_let_go(CF_RESOLVER_MOST_ABANDONED);
	resolving_await_end();
	assert_int_equal(resolving_seen.released, CF_RESOLVER_MOST_ABANDONED);
}

#define RESOLVER_TEST(function) cmocka_unit_test_setup(function, given_a_shut_gate)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESOLVER_TEST(a_resolve_runs_on_another_thread_with_every_signal_blocked),
		RESOLVER_TEST(what_was_asked_and_what_was_found_is_the_plain_calls),
		RESOLVER_TEST(a_resolve_that_fails_has_its_own_errno_and_no_list),
		RESOLVER_TEST(
			a_cancelled_resolve_is_eai_again_and_its_late_list_is_released_once),
		RESOLVER_TEST(a_cancelled_resolve_that_fails_late_has_nothing_to_release),
		RESOLVER_TEST(
			a_cancel_holds_for_every_resolve_that_the_thread_comes_to_later),
		RESOLVER_TEST(a_resolve_that_is_over_is_not_abandoned_by_a_cancel),
		RESOLVER_TEST(the_resolve_of_another_thread_is_untouched),
		RESOLVER_TEST(a_cancel_by_owner_reaches_every_thread_of_its_and_no_other),
		RESOLVER_TEST(at_most_64_resolves_are_abandoned_at_a_time),
		RESOLVER_TEST(
			a_thread_that_cannot_be_made_has_the_real_error_and_leaves_nothing),
		RESOLVER_TEST(when_no_other_thread_can_be_made_it_is_the_plain_call),
		RESOLVER_TEST(on_a_thread_that_is_not_libcurls_it_is_the_plain_call),
		RESOLVER_TEST(law_9_in_a_forked_child_no_thread_of_the_parents_is_known),
		RESOLVER_TEST(law_9_a_forked_child_has_abandoned_nothing),
	};

	return unit_run(tests);
}
