/* SPDX-License-Identifier: MIT */
#ifndef CF_RELATIVES_H
#define CF_RELATIVES_H

/*
 * relatives.h - the story of the calls that close a number in passing, or copy one: to
 * them a parked number is a free one.
 *
 * Floor 3. While nothing is parked each is the plain call. Results and errno are those of
 * the call; errno is set on failure only. Async-signal-safe.
 */

/* dup(2): EBADF for a parked number. */
int cf_relatives_dup(int fd);

/* dup2(2) and dup3(2): EBADF from a parked number. Onto one the new file is there at once,
   and what was there goes on being closed by a hand. */
int cf_relatives_dup2(int from, int to);
int cf_relatives_dup3(int from, int to, int flags);

/* close_range(2): parked numbers are left alone, whatever the flags. */
int cf_relatives_close_range(unsigned first, unsigned last, int flags);

/* unshare(2): a table of a thread's own has copies of what is parked, and may not end with
   the thread. */
int cf_relatives_unshare(int flags);

#endif
