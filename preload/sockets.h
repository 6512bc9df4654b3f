/* SPDX-License-Identifier: MIT */
#ifndef CF_SOCKETS_H
#define CF_SOCKETS_H

#include <stdbool.h>

/*
 * sockets.h - which numbers are sockets of libcurl's that cannot linger: their close needs
 * no look, and a cleanup makes a hundred of them.
 *
 * Floor 1. A number is noted when libcurl makes the socket, until a close of it comes
 * through a door. As soon as anybody in this process has set SO_LINGER nothing is known
 * any more. Safe from any thread and signal handler; errno is left alone.
 */

/* libcurl has made this socket. */
void cf_sockets_note_made(int fd);

/* Somebody sets SO_LINGER, on whichever socket. */
void cf_sockets_note_linger(void);

/* The number is about to be closed: it is no longer noted. True when it was, and cannot
   linger. */
bool cf_sockets_take(int fd);

#endif
