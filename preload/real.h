/* SPDX-License-Identifier: MIT */
#ifndef CF_REAL_H
#define CF_REAL_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * real.h - the functions that our doors stand in for, as the program would have
 * found them without us: the next in the chain, which may be another preload's.
 *
 * Floor 0. Before cf_real_bind() they are plain system calls with libc's manners.
 */

/* Look the real functions up. Once, from the constructor; may call malloc. */
void cf_real_bind(void);

/* The next dlsym(), NULL where there is none by a version that we know. Any thread, from the
   loader's first constructor on. */
typedef void *cf_real_finder(void *handle, const char *name);
cf_real_finder *cf_real_dlsym(void);

/* Look one more function up into *slot, a pointer to a function; NULL when there is none.
   As above. */
void cf_real_look_up(const char *name, void *slot);

/* close(2) as libc gives it: -1 and errno, and a cancellation point. */
int cf_real_close(int fd);

/* setsockopt(2) as libc gives it: -1 and errno. */
int cf_real_setsockopt(int fd, int level, int name, const void *value, socklen_t size);

/* dup(2), dup2(2), dup3(2) and close_range(2): -1 and errno. */
int cf_real_dup(int fd);
int cf_real_dup2(int from, int to);
int cf_real_dup3(int from, int to, int flags);
int cf_real_close_range(unsigned first, unsigned last, int flags);

/* unshare(2): -1 and errno. */
int cf_real_unshare(int flags);

/* mmap(2), munmap(2) and mremap(2): MAP_FAILED or -1, and errno. */
void *cf_real_mmap(void *at, size_t length, int protection, int flags, int fd,
		   off_t offset);
int cf_real_munmap(void *at, size_t length);
void *cf_real_mremap(void *from, size_t length, size_t new_length, int flags, void *to);

/* ioctl(2): -1 and errno. */
int cf_real_ioctl(int fd, unsigned long request, void *argument);

#endif
