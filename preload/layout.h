/* SPDX-License-Identifier: MIT */
#ifndef CF_LAYOUT_H
#define CF_LAYOUT_H

/*
 * layout.h - where functions and tables lie, for the sake of those who never use them.
 *
 * Floor 0. Every page that is touched costs every program a fault, from its start on.
 */

/* A function off the way of nearly every call, which must not pay for its stack. */
#define CF_COLD __attribute__((noinline, cold))

/* A table that most programs never touch: it lies behind the words that all of them touch,
   and which so have one page together. */
#define CF_TABLE __attribute__((section(".bss.~table")))

#endif
