/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_ORDER_H
#define VICTIM_ORDER_H

/*
 * victim_order.h - what of victim_order is C++: objects that say when they are destroyed.
 *
 * Any thread.
 */

#ifdef __cplusplus
extern "C" {
#endif

/* One that lives as long as the program, and the global one that is there from the start
   speaks, too. Once. */
void order_construct_static(void);

/* One that lives as long as this thread. */
void order_construct_thread_local(void);

#ifdef __cplusplus
}
#endif

#endif
