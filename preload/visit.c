/* SPDX-License-Identifier: MIT */
/*
 * visit.c - the call of libcurl that this thread is inside. Floor 1.
 */
#include "visit.h"

static __thread struct cf_visit now;
static __thread int64_t spent_ns;

#define DEEPEST (1 << 20)

struct cf_visit *cf_visit_now(const void *frame)
{
	/* The stack grows downwards: its door has been left, whichever way. And so much
	   deeper is no callback, but the stack of another coroutine. */
	if (now.kind != CF_VISIT_NONE &&
	    (frame >= now.frame || (uintptr_t)now.frame - (uintptr_t)frame > DEEPEST))
		now.kind = CF_VISIT_NONE;
	return &now;
}

void cf_visit_note_ended(struct cf_visit *visit, const char *what, const char *name)
{
	struct cf_text text;

	visit->ended++;
	cf_text_begin(&text, visit->waited_for, sizeof(visit->waited_for));
	cf_text_add(&text, what);
	cf_text_add(&text, " ");
	cf_text_add(&text, name);
}

int64_t *cf_visit_spent(void)
{
	return &spent_ns;
}

void cf_visit_after_fork(void)
{
	now.kind = CF_VISIT_NONE;
	spent_ns = 0;
}
