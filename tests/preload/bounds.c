/* SPDX-License-Identifier: MIT */
/*
 * bounds.c - time in the tests.
 */
#include "bounds.h"

#include <stdlib.h>
#include <time.h>

#include "suite.h"

#define DEFAULT_SLACK_MS 1000

int64_t bounds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 * BOUNDS_MS + now.tv_nsec;
}

int64_t bounds_after(int ms)
{
	return bounds_now() + ms * BOUNDS_MS;
}

int bounds_nap(int64_t until_ns)
{
	nanosleep(&(struct timespec){ 0, BOUNDS_MS }, NULL);
	return bounds_now() < until_ns;
}

int bounds_slack_ms(void)
{
	const char *value = getenv("CURFEW_TEST_SLACK_MS");

	return value ? atoi(value) : DEFAULT_SLACK_MS;
}

void bounds_span(const char *what, int64_t from_ns, int64_t to_ns, int least_ms,
		 int most_ms)
{
	int64_t span_ns = to_ns - from_ns;

	print_message("             %s: %.1f ms (%d to %d)\n", what,
		      (double)span_ns / BOUNDS_MS, least_ms, most_ms);
	if (span_ns < least_ms * BOUNDS_MS)
		fail_msg("%s: too early", what);
	if (span_ns > (most_ms + bounds_slack_ms()) * BOUNDS_MS)
		fail_msg("%s: too late", what);
}

void bounds_took(const char *what, const struct mark *mark, int least_ms, int most_ms)
{
	if (mark->ended_ns == 0)
		fail_msg("%s: has not returned", what);
	bounds_span(what, mark->began_ns, mark->ended_ns, least_ms, most_ms);
}
