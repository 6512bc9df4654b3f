/* SPDX-License-Identifier: MIT */
#ifndef SWEPT_H
#define SWEPT_H

#include <stdbool.h>

#include "events.h"
#include "facts.h"
#include "hand.h"
#include "policy.h"

/*
 * swept.h - doubles for what a sweep asks for: a file of a server, and hands that answer as
 * the test says.
 */

#define SWEPT_REMOTE 50 /* where what is open on a server is */

extern struct cf_policy swept_policy;
extern struct cf_mount swept_mount;

/* What the doubles answer. */
struct swept_script {
	enum cf_kind kind; /* of SWEPT_REMOTE */
	bool is_written, has_no_mount;
	struct cf_outcome outcome;
	bool is_slow;
};
extern struct swept_script script;

/* What they saw. */
struct swept_seen {
	int hands, reports, watches;
	int under_way, most_at_once;
	int copy;
	bool is_copy_of_remote, is_cloexec;
	struct cf_order order;
	int64_t left_ns;
	struct cf_event event;
	char name[64];
};
extern struct swept_seen seen;

/* A file of a server is open. Fits cmocka_unit_test_setup(). */
int swept_given(void **state);

/* Sweep as _exit() does. */
void swept_leave(void);

/* The same, with so many hands, reports, and undertakers so far. */
void swept_assert(int hands, int reports, int watches);

#define SWEPT_TEST(function) cmocka_unit_test_setup(function, swept_given)

#endif
