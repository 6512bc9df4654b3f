/* SPDX-License-Identifier: MIT */
/*
 * test_policy.c - every option, right and wrong.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "clock.h"
#include "policy.h"
#include "unit.h"

#define DEADLINE "CURFEW_DEADLINE_"

static struct cf_policy defaults(void)
{
	struct cf_policy policy;

	memset(&policy, 0x55, sizeof(policy));
	cf_policy_defaults(&policy);
	return policy;
}

static bool is_same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same(const struct cf_policy *a, const struct cf_policy *b)
{
	return a->mode == b->mode &&
	       memcmp(a->deadline_ns, b->deadline_ns, sizeof(a->deadline_ns)) == 0 &&
	       a->write_expires_ok == b->write_expires_ok && a->quiet == b->quiet &&
	       a->leaks == b->leaks && a->end_signals == b->end_signals &&
	       is_same_name(a->events, b->events) && is_same_name(a->run, b->run);
}

static void the_defaults_are_those_of_the_manual(void **state)
{
	struct cf_policy policy = defaults();

	(void)state;
	assert_int_equal(policy.mode, CF_MODE_ENFORCE);
	assert_int_equal(policy.deadline_ns[CF_CLASS_FILE], 300 * CF_MS);
	assert_int_equal(policy.deadline_ns[CF_CLASS_WRITE], 5000 * CF_MS);
	assert_int_equal(policy.deadline_ns[CF_CLASS_SOCKET], 300 * CF_MS);
	assert_int_equal(policy.deadline_ns[CF_CLASS_CURL], 200 * CF_MS);
	assert_int_equal(policy.deadline_ns[CF_CLASS_OTHER], 100 * CF_MS);
	assert_int_equal(policy.deadline_ns[CF_CLASS_EXIT], 30000 * CF_MS);
	assert_true(policy.leaks);
	assert_int_equal(policy.end_signals, 0);
	assert_false(policy.write_expires_ok);
	assert_false(policy.quiet);
	assert_null(policy.events);
	assert_null(policy.run);
}

/* A right value, from the defaults, gives the policy that `expected` tells. */
struct right {
	const char *variable, *value;
	struct cf_policy expected;
};

#define DEADLINES(file, write, socket, mmap, curl, other, exit)                          \
	.leaks = true,                                                                   \
	.deadline_ns = { (file)*CF_MS, (write)*CF_MS, (socket)*CF_MS, (mmap)*CF_MS,      \
			 (curl)*CF_MS, (other)*CF_MS, (exit)*CF_MS }
#define DEFAULT_DEADLINES  DEADLINES(300, 5000, 300, 300, 200, 100, 30000)
#define SIGNAL_BIT(number) (UINT64_C(1) << ((number)-1))

static const struct right rights[] = {
	{ "CURFEW", "enforce", { CF_MODE_ENFORCE, DEFAULT_DEADLINES } },
	{ "CURFEW", "observe", { CF_MODE_OBSERVE, DEFAULT_DEADLINES } },
	{ "CURFEW", "off", { CF_MODE_OFF, DEFAULT_DEADLINES } },
	{ DEADLINE "FILE",
	  "250ms",
	  { 0, DEADLINES(250, 5000, 300, 300, 200, 100, 30000) } },
	{ DEADLINE "WRITE",
	  "1.5s",
	  { 0, DEADLINES(300, 1500, 300, 300, 200, 100, 30000) } },
	{ DEADLINE "SOCKET",
	  "1m",
	  { 0, DEADLINES(300, 5000, 60000, 300, 200, 100, 30000) } },
	{ DEADLINE "MMAP",
	  "3s",
	  { 0, DEADLINES(300, 5000, 300, 3000, 200, 100, 30000) } },
	{ DEADLINE "CURL",
	  "1s",
	  { 0, DEADLINES(300, 5000, 300, 300, 1000, 100, 30000) } },
	{ DEADLINE "OTHER", "0", { 0, DEADLINES(300, 5000, 300, 300, 200, 0, 30000) } },
	{ DEADLINE "EXIT", "7s", { 0, DEADLINES(300, 5000, 300, 300, 200, 100, 7000) } },
	{ DEADLINE "FILE",
	  "off",
	  { .leaks = true,
	    .deadline_ns = { CF_NEVER, 5000 * CF_MS, 300 * CF_MS, 300 * CF_MS,
			     200 * CF_MS, 100 * CF_MS, 30000 * CF_MS } } },
	{ "CURFEW_ON_SIGNAL", "", { 0, DEFAULT_DEADLINES } },
	{ "CURFEW_ON_SIGNAL",
	  "TERM",
	  { 0, DEFAULT_DEADLINES, .end_signals = SIGNAL_BIT(SIGTERM) } },
	{ "CURFEW_ON_SIGNAL",
	  "SIGHUP,INT,USR2",
	  { 0, DEFAULT_DEADLINES,
	    .end_signals =
		    SIGNAL_BIT(SIGHUP) | SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGUSR2) } },
	{ "CURFEW_LEAKS", "on", { 0, DEFAULT_DEADLINES } },
	{ "CURFEW_LEAKS",
	  "off",
	  { .deadline_ns = { 300 * CF_MS, 5000 * CF_MS, 300 * CF_MS, 300 * CF_MS,
			     200 * CF_MS, 100 * CF_MS, 30000 * CF_MS } } },
	{ "CURFEW_ON_EXPIRY_WRITE", "eio", { 0, DEFAULT_DEADLINES } },
	{ "CURFEW_ON_EXPIRY_WRITE",
	  "ok",
	  { 0, DEFAULT_DEADLINES, .write_expires_ok = true } },
	{ "CURFEW_EVENTS",
	  "a/%p.jsonl",
	  { 0, DEFAULT_DEADLINES, .events = "a/%p.jsonl" } },
	{ "CURFEW_QUIET", "0", { 0, DEFAULT_DEADLINES } },
	{ "CURFEW_QUIET", "1", { 0, DEFAULT_DEADLINES, .quiet = true } },
	{ "CURFEW_CURL_OBJECTS",
	  "_wrapper.abi3.so:other",
	  { 0, DEFAULT_DEADLINES, .curl_objects = "_wrapper.abi3.so:other" } },
	{ "CURFEW_KEEP_DEEPBIND", "0", { 0, DEFAULT_DEADLINES } },
	{ "CURFEW_KEEP_DEEPBIND", "1", { 0, DEFAULT_DEADLINES, .keeps_deepbind = true } },
	{ "CURFEW_RUN", "/tmp/run", { 0, DEFAULT_DEADLINES, .run = "/tmp/run" } },
};

static const struct {
	const char *variable, *value;
} wrongs[] = {
	{ "CURFEW", "" },
	{ "CURFEW", "on" },
	{ "CURFEW", "Enforce" },
	{ "CURFEW", "off " },
	{ DEADLINE "FILE", "" },
	{ DEADLINE "FILE", "300" },
	{ DEADLINE "WRITE", "soon" },
	{ DEADLINE "SOCKET", "-1s" },
	{ DEADLINE "MMAP", "300" },
	{ DEADLINE "CURL", "0.2" },
	{ DEADLINE "OTHER", "1 s" },
	{ DEADLINE "EXIT", "30" },
	{ "CURFEW_ON_SIGNAL", "KILL" },
	{ "CURFEW_ON_SIGNAL", "15" },
	{ "CURFEW_ON_SIGNAL", "TERM,,INT" },
	{ "CURFEW_ON_SIGNAL", "SIG" },
	{ "CURFEW_LEAKS", "" },
	{ "CURFEW_LEAKS", "1" },
	{ "CURFEW_ON_EXPIRY_WRITE", "" },
	{ "CURFEW_ON_EXPIRY_WRITE", "EIO" },
	{ "CURFEW_ON_EXPIRY_WRITE", "okay" },
	{ "CURFEW_EVENTS", "" },
	{ "CURFEW_QUIET", "" },
	{ "CURFEW_QUIET", "yes" },
	{ "CURFEW_QUIET", "11" },
	{ "CURFEW_CURL_OBJECTS", "" },
	{ "CURFEW_CURL_OBJECTS", "/usr/lib/_wrapper.so" },
	{ "CURFEW_KEEP_DEEPBIND", "" },
	{ "CURFEW_KEEP_DEEPBIND", "on" },
	{ "CURFEW_RUN", "" },
	{ "CURFEW_RUN", "run" },
};

static void a_right_value_sets_its_option_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++) {
		const struct right *right = &rights[i];
		struct cf_policy policy = defaults();

		if (!cf_policy_set(&policy, right->variable, right->value) ||
		    !is_same(&policy, &right->expected))
			fail_msg("%s=%s", right->variable, right->value);
	}
}

static void a_wrong_value_is_refused_and_the_policy_is_as_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		struct cf_policy before = defaults(), policy;

		before.quiet = before.write_expires_ok = true;
		before.mode = CF_MODE_OBSERVE;
		before.events = before.run = "/kept";
		policy = before;
		if (cf_policy_set(&policy, wrongs[i].variable, wrongs[i].value) ||
		    !is_same(&policy, &before))
			fail_msg("%s='%s'", wrongs[i].variable, wrongs[i].value);
	}
}

static void what_is_no_option_is_refused(void **state)
{
	static const char *const strangers[] = {
		"", "CURFEW_", "CURFEW_DEADLINE", "CURFEW_DEADLINE_END", "curfew", "PATH"
	};
	struct cf_policy before = defaults(), policy = before;

	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		assert_false(cf_policy_set(&policy, strangers[i], "1s"));
		assert_true(is_same(&policy, &before));
	}
}

static void every_option_of_the_table_is_tested_here_right_and_wrong(void **state)
{
	const struct cf_option *option;
	size_t count = 0;

	(void)state;
	for (; (option = cf_policy_option(count)); count++) {
		int right = 0, wrong = 0;

		for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++)
			right += strcmp(rights[i].variable, option->variable) == 0;
		for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++)
			wrong += strcmp(wrongs[i].variable, option->variable) == 0;
		if (!right || !wrong || !option->takes || !option->takes[0])
			fail_msg("%s", option->variable);
	}
	assert_int_equal(count, 16);
	assert_null(cf_policy_option(count + 1));
	assert_null(cf_policy_option(SIZE_MAX));
}

static void every_class_has_its_name(void **state)
{
	static const char *const names[] = { "file", "write", "socket", "mmap",
					     "curl", "other", "exit" };

	(void)state;
	assert_int_equal(CF_CLASSES, 7);
	for (int class = 0; class < CF_CLASSES; class ++)
		assert_string_equal(cf_policy_class_name((enum cf_class) class),
				    names[class]);
}

static void errno_is_left_alone(void **state)
{
	struct cf_policy policy = defaults();

	(void)state;
	errno = EDOM;
	cf_policy_set(&policy, "CURFEW_DEADLINE_FILE", "9999999999999999999s");
	cf_policy_set(&policy, "CURFEW", "nonsense");
	assert_int_equal(errno, EDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_those_of_the_manual),
		cmocka_unit_test(a_right_value_sets_its_option_and_no_other),
		cmocka_unit_test(a_wrong_value_is_refused_and_the_policy_is_as_before),
		cmocka_unit_test(what_is_no_option_is_refused),
		cmocka_unit_test(
			every_option_of_the_table_is_tested_here_right_and_wrong),
		cmocka_unit_test(every_class_has_its_name),
		cmocka_unit_test(errno_is_left_alone),
	};

	return unit_run(tests);
}
