/* SPDX-License-Identifier: MIT */
#ifndef CF_MAPPED_H
#define CF_MAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "events.h"
#include "policy.h"
#include "ranges.h"

/*
 * mapped.h - what the flows of mappings have in common: whole pages, the deadline, what is
 * told of a range.
 *
 * Floor 2. Async-signal-safe; errno is left alone.
 */

/* Begin, once, with a policy that must outlive every call. */
void cf_mapped_begin(const struct cf_policy *policy);

/* Whether mappings have a deadline; whether it is enforced, not only observed. */
bool cf_mapped_is_bound(void);
bool cf_mapped_is_enforced(void);

/* The instant by which a call that begins now is to be over. */
cf_instant cf_mapped_deadline(void);

/* A length in whole pages. */
size_t cf_mapped_round(size_t length);

/* Whether the kernel may accept [at, at + length), which is then [*start, *end) in whole
   pages. What it will refuse, or what has no end, is not to be looked at. */
bool cf_mapped_is_sound(const void *at, size_t length, uintptr_t *start, uintptr_t *end);

/* Whether any range is recorded, or parked: one load or two. */
bool cf_mapped_is_any_known(void);

/* The pages of a recorded piece, to be written back. */
struct cf_write_back cf_mapped_pages(const struct cf_range *piece);

/* An event of `call` on a piece, both of which must outlive it; `finished` until changed. */
struct cf_event cf_mapped_event(const char *call, const struct cf_range *piece);

/* Wait until nothing parked touches [start, end); false when the deadline comes first. */
bool cf_mapped_await_nothing_parked(uintptr_t start, uintptr_t end, cf_instant deadline);

#endif
