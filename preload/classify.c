/* SPDX-License-Identifier: MIT */
/*
 * classify.c - one table: kind of fd, opened for writing or not, to class. Floor 2.
 */
#include "classify.h"

#include <errno.h>

#include "clock.h"

#define PASS CF_CLASSES

static const enum cf_class class_of[][2] = {
	/*                      read             written         */
	[CF_KIND_QUIET] = { PASS, PASS },
	[CF_KIND_LOCAL] = { PASS, PASS },
	[CF_KIND_REMOTE] = { CF_CLASS_FILE, CF_CLASS_WRITE },
	[CF_KIND_SOCKET] = { CF_CLASS_SOCKET, CF_CLASS_SOCKET },
	[CF_KIND_TERMINAL] = { CF_CLASS_OTHER, CF_CLASS_WRITE },
	[CF_KIND_DEVICE] = { CF_CLASS_OTHER, CF_CLASS_WRITE },
};

struct cf_verdict cf_classify(const struct cf_facts *facts,
			      const struct cf_policy *policy)
{
	const struct cf_verdict pass = { .is_bound = false };
	enum cf_class class = class_of[facts->kind][facts->is_written];

	if (class == PASS || policy->deadline_ns[class] == CF_NEVER)
		return pass;
	/* A linger that is over before the deadline ends by itself, as the program asked. */
	if (class == CF_CLASS_SOCKET && facts->linger_ns <= policy->deadline_ns[class])
		return pass;
	return (struct cf_verdict){ true, class, policy->deadline_ns[class] };
}

long cf_classify_answer(enum cf_class class, const struct cf_policy *policy)
{
	return class == CF_CLASS_WRITE && !policy->write_expires_ok ? -EIO : 0;
}
