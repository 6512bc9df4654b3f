/* SPDX-License-Identifier: MIT */
/*
 * visit.c - the call of libcurl that this thread is inside. Floor 1.
 */
#include "visit.h"

#include <errno.h>

#include "raw.h"

static __thread struct cf_visit now;
static __thread int64_t spent_ns;

#define DEEPEST (1 << 20)

/* Whether the frame of the door still holds its mark. Read by the kernel: the stack may
   have been that of a coroutine, which is gone. What cannot be read that way is believed. */
static bool is_marked(void)
{
	uint64_t marked = now.marked;

	return !now.mark ||
	       (cf_raw_peek(now.mark, &marked) != -EFAULT && marked == now.marked);
}

/* The stack grows downwards: a door no deeper means that the visit's has been left. And
   so much deeper is no callback, but the stack of another coroutine. */
static bool is_inside(const void *frame)
{
	return frame < now.frame && (uintptr_t)now.frame - (uintptr_t)frame <= DEEPEST &&
	       (now.kind != CF_VISIT_CLEANUP || is_marked());
}

struct cf_visit *cf_visit_now(const void *frame)
{
	if (now.kind != CF_VISIT_NONE && !is_inside(frame))
		now.kind = CF_VISIT_NONE;
	return &now;
}

struct cf_visit *cf_visit_peek(const void *frame)
{
	return now.kind != CF_VISIT_NONE && is_inside(frame) ? &now : NULL;
}

struct cf_visit *cf_visit_last(void)
{
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
