/* SPDX-License-Identifier: MIT */
#ifndef CF_VISIT_H
#define CF_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "text.h"

/*
 * visit.h - which call of libcurl this thread is inside, and until when its waits may
 * last.
 *
 * Floor 1. A thread's own: no locks. A visit that was left by longjmp is noticed by the
 * next door that runs no deeper in the stack than the one that began it, or on another
 * one; deeper, by the mark in the frame of that one, which is then overwritten.
 */

enum cf_visit_kind {
	CF_VISIT_NONE,
	CF_VISIT_CLEANUP, /* a scope: its waits end at `until`                      */
	CF_VISIT_TRANSFER, /* the program lets libcurl work: it waits as long as it likes */
};

struct cf_visit {
	enum cf_visit_kind kind;
	const char *call;   /* of the outermost call: "curl_multi_cleanup"   */
	const void *frame;  /* of the door that began it                     */
	const void *handle; /* of the outermost call                         */
	const void *inner;  /* of the call that it is in now, or the same    */
	cf_instant began;
	cf_instant polled;    /* in a transfer: when libcurl has last waited for peers */
	cf_instant until;     /* CF_NEVER outside of scopes and when only observed */
	int64_t waited_ns;    /* in waits of libcurl's                             */
	unsigned ended;	      /* waits that were ended                             */
	bool is_overdue;      /* in a transfer: one would have been, is only observed */
	int watch;	      /* its number with the watchdog, 0 for none */
	const uint64_t *mark; /* in the frame of a cleanup, and what it holds */
	uint64_t marked;
	char waited_for[80]; /* the last of them, for people                    */
};

/* The visit that a door with this frame address runs in; kind is CF_VISIT_NONE for none. */
struct cf_visit *cf_visit_now(const void *frame);

/* This thread's visit as it is left, for the door that has begun it. */
struct cf_visit *cf_visit_last(void);

/* The visit that this frame is in, as cf_visit_now(), but nothing is dropped: a signal
   handler may run on a stack of its own. NULL for none. */
struct cf_visit *cf_visit_peek(const void *frame);

/* Note that a wait was ended, and what it was for: a word such as "resolve of" or "answer
   of", and a name. */
void cf_visit_note_ended(struct cf_visit *visit, const char *what, const char *name);

/* What this thread has waited in cleanups of handles that have no multi, since a resolve
   or a transfer has completed on it. */
int64_t *cf_visit_spent(void);

/* A forked child's thread is in no visit. */
void cf_visit_after_fork(void);

#endif
