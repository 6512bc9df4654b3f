/* SPDX-License-Identifier: MIT */
/*
 * test_classify.c - the table from facts to a verdict.
 */
#include <errno.h>

#include "classify.h"
#include "clock.h"
#include "unit.h"

static struct cf_policy policy;

static int given_the_defaults(void **state)
{
	(void)state;
	cf_policy_defaults(&policy);
	return 0;
}

static struct cf_verdict verdict_of(enum cf_kind kind, bool is_written, int64_t linger_ns)
{
	struct cf_facts facts = { .kind = kind,
				  .is_written = is_written,
				  .linger_ns = linger_ns };

	return cf_classify(&facts, &policy);
}

static void every_kind_has_its_class_and_deadline(void **state)
{
	static const struct {
		enum cf_kind kind;
		bool is_written, is_bound;
		enum cf_class class;
		int64_t deadline_ms;
	} rows[] = {
		{ CF_KIND_QUIET, false, false, 0, 0 },
		{ CF_KIND_QUIET, true, false, 0, 0 },
		{ CF_KIND_LOCAL, false, false, 0, 0 },
		{ CF_KIND_LOCAL, true, false, 0, 0 },
		{ CF_KIND_REMOTE, false, true, CF_CLASS_FILE, 300 },
		{ CF_KIND_REMOTE, true, true, CF_CLASS_WRITE, 5000 },
		{ CF_KIND_SOCKET, false, true, CF_CLASS_SOCKET, 300 },
		{ CF_KIND_SOCKET, true, true, CF_CLASS_SOCKET, 300 },
		{ CF_KIND_TERMINAL, false, true, CF_CLASS_OTHER, 100 },
		{ CF_KIND_TERMINAL, true, true, CF_CLASS_WRITE, 5000 },
		{ CF_KIND_DEVICE, false, true, CF_CLASS_OTHER, 100 },
		{ CF_KIND_DEVICE, true, true, CF_CLASS_WRITE, 5000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cf_verdict verdict =
			verdict_of(rows[i].kind, rows[i].is_written, 60000 * CF_MS);

		assert_int_equal(verdict.is_bound, rows[i].is_bound);
		if (!verdict.is_bound)
			continue;
		assert_int_equal(verdict.class, rows[i].class);
		assert_int_equal(verdict.deadline_ns, rows[i].deadline_ms * CF_MS);
	}
}

static void a_linger_shorter_than_the_deadline_is_the_kernels_own(void **state)
{
	(void)state;
	policy.deadline_ns[CF_CLASS_SOCKET] = 2000 * CF_MS;
	assert_false(verdict_of(CF_KIND_SOCKET, true, 1000 * CF_MS).is_bound);
	assert_false(verdict_of(CF_KIND_SOCKET, true, 2000 * CF_MS).is_bound);
	assert_true(verdict_of(CF_KIND_SOCKET, true, 3000 * CF_MS).is_bound);
}

static void a_class_that_is_off_is_not_bound_and_the_others_are(void **state)
{
	(void)state;
	for (int class = 0; class < CF_CLASSES; class ++) {
		given_the_defaults(NULL);
		policy.deadline_ns[class] = CF_NEVER;
		assert_int_equal(verdict_of(CF_KIND_REMOTE, false, 0).is_bound,
				 class != CF_CLASS_FILE);
		assert_int_equal(verdict_of(CF_KIND_REMOTE, true, 0).is_bound,
				 class != CF_CLASS_WRITE);
		assert_int_equal(
			verdict_of(CF_KIND_SOCKET, true, 999999 * CF_MS).is_bound,
			class != CF_CLASS_SOCKET);
		assert_int_equal(verdict_of(CF_KIND_DEVICE, false, 0).is_bound,
				 class != CF_CLASS_OTHER);
	}
}

static void a_deadline_of_0_is_bound_and_not_waited_for(void **state)
{
	(void)state;
	policy.deadline_ns[CF_CLASS_FILE] = 0;
	struct cf_verdict verdict = verdict_of(CF_KIND_REMOTE, false, 0);
	assert_true(verdict.is_bound);
	assert_int_equal(verdict.deadline_ns, 0);
}

static void only_an_expired_write_is_an_error_or_what_the_user_chose(void **state)
{
	(void)state;
	assert_int_equal(cf_classify_answer(CF_CLASS_FILE, &policy), 0);
	assert_int_equal(cf_classify_answer(CF_CLASS_WRITE, &policy), -EIO);
	assert_int_equal(cf_classify_answer(CF_CLASS_SOCKET, &policy), 0);
	assert_int_equal(cf_classify_answer(CF_CLASS_OTHER, &policy), 0);
	policy.write_expires_ok = true;
	for (int class = 0; class < CF_CLASSES; class ++)
		assert_int_equal(cf_classify_answer((enum cf_class) class, &policy), 0);
}

#define CLASSIFY_TEST(function) cmocka_unit_test_setup(function, given_the_defaults)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLASSIFY_TEST(every_kind_has_its_class_and_deadline),
		CLASSIFY_TEST(a_linger_shorter_than_the_deadline_is_the_kernels_own),
		CLASSIFY_TEST(a_class_that_is_off_is_not_bound_and_the_others_are),
		CLASSIFY_TEST(a_deadline_of_0_is_bound_and_not_waited_for),
		CLASSIFY_TEST(only_an_expired_write_is_an_error_or_what_the_user_chose),
	};

	return unit_run(tests);
}
