/* SPDX-License-Identifier: MIT */
#ifndef CF_LEAKS_H
#define CF_LEAKS_H

#include "policy.h"

/*
 * leaks.h - the story of what the program never closed: told at its end, and left as it is.
 *
 * Floor 3. Multi handles of libcurl's, and what is open or mapped on a server; not stdin,
 * stdout and stderr, not what was inherited, and nothing in a forked child; no
 * more than 64 in a process, and no file where 64 or more were inherited. Told to the
 * events file alone: without one nothing is looked for. Async-signal-safe; errno is left
 * alone.
 */

/* Begin, once, with a policy that must outlive every call: what is open now is inherited. */
void cf_leaks_begin(const struct cf_policy *policy);

/* Tell what is left. */
void cf_leaks_report(void);

#endif
