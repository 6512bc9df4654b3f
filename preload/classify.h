/* SPDX-License-Identifier: MIT */
#ifndef CF_CLASSIFY_H
#define CF_CLASSIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "kind.h"
#include "policy.h"

/*
 * classify.h - decide what becomes of a close. Floor 2. Pure functions.
 */

struct cf_verdict {
	bool is_bound;	     /* false: the plain call, on the caller's own thread */
	enum cf_class class; /* of a bound close */
	int64_t deadline_ns;
};

/* What the policy says of a close with these facts. */
struct cf_verdict cf_classify(const struct cf_facts *facts,
			      const struct cf_policy *policy);

/* What the caller of an expired close of this class is told: 0 or -errno. */
long cf_classify_answer(enum cf_class class, const struct cf_policy *policy);

#endif
