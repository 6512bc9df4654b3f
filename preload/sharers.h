/* SPDX-License-Identifier: MIT */
#ifndef CF_SHARERS_H
#define CF_SHARERS_H

#include <stdatomic.h>

/*
 * sharers.h - who runs in the memory of this program: tasks of ours, and anybody else.
 *
 * Floor 0. Anybody else is a vfork child that has not executed yet, or what the program
 * has made by clone(CLONE_VM): both may outlive it. Built like errand.c, lock-free.
 */

/* Enter the word of a task of ours, before it is started: its pid while it has our memory,
   else 0. The kernel keeps it, so that nobody can be killed in between. At most 2,048,
   and in memory that stays. */
void cf_sharers_enter(const _Atomic int *tid);

enum cf_sharers {
	CF_SHARERS_OURS,   /* tasks of ours, and nobody else              */
	CF_SHARERS_OTHERS, /* somebody else as well                       */
	CF_SHARERS_UNKNOWN /* no other task of ours was found: who would be? */
};

/*
 * Who has our memory, but for the caller: a bare task with pid `self`, whose program is
 * gone. Lists /proc in the caller's fd table, and reads nothing there: that cannot wait.
 *
 * errors  UNKNOWN, too, without /proc, with that of another pid namespace, and where the
 *         kernel does not compare us with a task of ours.
 * caveat  Whoever has more rights than the caller is taken for a stranger. A program
 *         that gives up its user is safe from that: the kernel then compares nothing
 *         for others. Not so one that gives up capabilities alone.
 */
enum cf_sharers cf_sharers_look(int self);

#endif
