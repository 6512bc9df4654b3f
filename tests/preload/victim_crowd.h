/* SPDX-License-Identifier: MIT */
#ifndef VICTIM_CROWD_H
#define VICTIM_CROWD_H

/*
 * victim_crowd.h - a victim's many descriptors of one mount: more than there are hands
 * for.
 *
 * One process; what it says about a number comes from the kernel, not from a libc that
 * somebody may stand in front of. FD_CLOEXEC is set on all of them.
 */

#define CROWD_MOST  16384
#define CROWD_BYTES 100 /* 'x' in every file that is created */

/* Open one file so often; or create PREFIX0, PREFIX1, ... with a few bytes in each. */
void crowd_open(const char *path, int count);
void crowd_create(const char *prefix, int count);

/* Close them all, one after another, from so many threads; call `slot` is all of them.
   Numbers: 0 how many gave another result (-1 stands for EIO), 1 how many of the numbers
   were open afterwards, 2 the slowest close. */
void crowd_close(int slot, int thread_count, int result);

/* Which of the numbers are open just now, ascending as they were opened; static. */
const int *crowd_open_ones(int *count);

/* Whether a number is open; whether it stands for the same file as another. */
int crowd_is_open(int fd);
int crowd_is_same(int fd, int other);

/* Its FD_CLOEXEC, or -1. */
int crowd_flags(int fd);

/* Whether a call has failed with EBADF just now. */
int crowd_is_bad(int result);

/* Say on stderr what should have been true; the victim then ends with another status. */
void crowd_expect(int ok, const char *what);

/* As victim_leave(), with VICTIM_STATUS only if everything was as expected. */
int crowd_leave(void);

#endif
