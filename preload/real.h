/* SPDX-License-Identifier: MIT */
#ifndef CF_REAL_H
#define CF_REAL_H

#include <sys/socket.h>

/*
 * real.h - the functions that our doors stand in for, as the program would have
 * found them without us: the next in the chain, which may be another preload's.
 *
 * Floor 0. Before cf_real_bind() they are plain system calls with libc's manners.
 */

/* Look the real functions up. Once, from the constructor; may call malloc. */
void cf_real_bind(void);

/* close(2) as libc gives it: -1 and errno, and a cancellation point. */
int cf_real_close(int fd);

/* setsockopt(2) as libc gives it: -1 and errno. */
int cf_real_setsockopt(int fd, int level, int name, const void *value, socklen_t size);

#endif
