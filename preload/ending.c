/* SPDX-License-Identifier: MIT */
/*
 * ending.c - the words of the end. Floor 1.
 */
#include "ending.h"

#include <stdatomic.h>

#include "raw.h"

enum { LIVES, ENDS, TAKEN_OVER };

static _Atomic int stage;
static _Atomic int64_t began, until = CF_NEVER;
static _Atomic int status, signal_number, thread;
static _Atomic bool is_chosen, is_confined, has_handlers;

bool cf_ending_begin(int64_t length_ns)
{
	int lives = LIVES;

	if (!atomic_compare_exchange_strong(&stage, &lives, ENDS))
		return false;
	atomic_store(&began, cf_clock_now());
	atomic_store(&until, cf_clock_after(length_ns));
	return true;
}

void cf_ending_choose(int chosen)
{
	atomic_store(&status, chosen);
	atomic_store(&thread, (int)cf_raw_call3(SYS_gettid, 0, 0, 0));
	atomic_store(&is_chosen, true);
}

void cf_ending_note_signal(int number)
{
	atomic_store(&signal_number, number);
}

struct cf_ending_state cf_ending_now(void)
{
	struct cf_ending_state now = {
		.is_under_way = atomic_load(&stage) != LIVES,
		.began = atomic_load(&began),
		.until = atomic_load(&until),
		.is_chosen = atomic_load(&is_chosen),
		.status = atomic_load(&status),
		.signal = atomic_load(&signal_number),
		.tid = atomic_load(&thread),
	};
	return now;
}

_Atomic int64_t *cf_ending_until(void)
{
	return &until;
}

bool cf_ending_take_over(void)
{
	int ends = ENDS;

	return atomic_compare_exchange_strong(&stage, &ends, TAKEN_OVER);
}

bool cf_ending_is_taken_over(void)
{
	return atomic_load(&stage) == TAKEN_OVER;
}

void cf_ending_note_confined(void)
{
	atomic_store(&is_confined, true);
}

bool cf_ending_is_confined(void)
{
	return atomic_load(&is_confined);
}

void cf_ending_note_handler(void)
{
	atomic_store_explicit(&has_handlers, true, memory_order_relaxed);
}

bool cf_ending_has_handlers(void)
{
	return atomic_load(&has_handlers);
}

void cf_ending_after_fork(void)
{
	atomic_store(&stage, LIVES);
	atomic_store(&until, CF_NEVER);
	atomic_store(&signal_number, 0);
	atomic_store(&thread, 0);
	atomic_store(&is_chosen, false);
}
