/* SPDX-License-Identifier: MIT */
#ifndef CF_ENDING_H
#define CF_ENDING_H

#include <stdbool.h>

#include "clock.h"

/*
 * ending.h - whether the process is about to end: since when, until when, and with which
 * status.
 *
 * Floor 1. A few words, lock-free. Async-signal-safe; errno is left alone.
 */

/* The end begins now, and has so long. False when it has begun before: then nothing is
   changed. */
bool cf_ending_begin(int64_t length_ns);

/* The program has chosen its status, on the calling thread. The last choice counts. */
void cf_ending_choose(int status);

/* The program was sent this signal, which is to end it. */
void cf_ending_note_signal(int number);

struct cf_ending_state {
	bool is_under_way;
	cf_instant began,
		until;	/* until: CF_NEVER when it has no deadline, or not begun */
	bool is_chosen; /* by exit() or by returning from main           */
	int status;	/* if it is chosen                                */
	int signal;	/* that has begun the end; 0 for none             */
	int tid;	/* the thread that has called exit(), or is main  */
};

/* How it stands. */
struct cf_ending_state cf_ending_now(void);

/* The word of `until`, for who waits for it, and moves it by what the process was stopped. */
_Atomic int64_t *cf_ending_until(void);

/* Take the end over from the program, once: who gets true ends the process. */
bool cf_ending_take_over(void);

/* Whether somebody has. */
bool cf_ending_is_taken_over(void);

/* The program has confined itself by a filter of system calls: what is not on its list may
   end it. And whether it has. */
void cf_ending_note_confined(void);
bool cf_ending_is_confined(void);

/* The program has registered a handler for its end. And whether it has. */
void cf_ending_note_handler(void);
bool cf_ending_has_handlers(void);

/* A forked child lives on; it keeps the filter and the handlers. */
void cf_ending_after_fork(void);

#endif
