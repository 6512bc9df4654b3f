/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_ORDER_STEPS_H
#define VICTIM_ORDER_STEPS_H

/*
 * victim_order_steps.h - the handlers and destructors of victim_order, which say when they
 * run.
 *
 * Any thread.
 */

/* The verb that the destructors speak for; NULL: they are silent. */
extern const char *order_verb;

/* Register the handlers: the caller is the thread that leaves. */
void order_register(void);

/* Say a line past the buffer of stdout; abort() when that fails. */
void order_say_directly(const char *line);

/* Say what of the state of a thread a handler may count on; errno stays. */
void order_say_state(const char *where);

#endif
