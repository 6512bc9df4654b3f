/* SPDX-License-Identifier: MIT */
/*
 * suite.c - how a driver runs its tests.
 */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mount.h"
#include "run.h"
#include "scratch.h"

#define SKIPPED 77

static int skipped;
static int begun;

static int everything_is_required(void)
{
	const char *value = getenv("CURFEW_TEST_REQUIRE_ALL");

	return value && strcmp(value, "1") == 0;
}

void suite_skip(const char *reason)
{
	if (everything_is_required())
		fail_msg("cannot be done here: %s", reason);
	print_message("skipped: %s\n", reason);
	skipped++;
	skip();
}

int suite_enter(void)
{
	const char *reason = scratch_enter(), *only = getenv("CURFEW_TEST_ONLY");

	if (only && *only)
		cmocka_set_test_filter(only);
	if (!reason)
		return 1;
	printf("skipped: %s\n", reason);
	skipped++;
	return 0;
}

int suite_before(void **state)
{
	(void)state;
	begun++;
	return 0;
}

int suite_after(void **state)
{
	(void)state;
	mount_end_all();
	return run_end_all() ? 0 : -1;
}

int suite_result(int failed)
{
	scratch_leave();
	if (!begun && !skipped)
		printf("no test of the name in CURFEW_TEST_ONLY\n");
	if (failed || (!begun && !skipped))
		return 1;
	if (skipped && everything_is_required())
		return 1;
	return skipped ? SKIPPED : 0;
}
