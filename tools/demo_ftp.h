/* SPDX-License-Identifier: MIT */
#ifndef DEMO_FTP_H
#define DEMO_FTP_H

#include <stddef.h>

/*
 * demo_ftp.h - an FTP server on loopback that never answers QUIT, in a process of its own.
 *
 * One at a time; one thread only.
 */

/* The program that the server is: "curfew demo DEMO_FTP_WORD FD". */
#define DEMO_FTP_WORD "--ftp-server"

/*
 * Start it. Writes its port, for the victim, to `argument`. Returns NULL, or why it cannot
 * be done here; that text is valid until the next call.
 */
const char *demo_ftp_set(char *argument, size_t bytes);

/* End it: its connections are closed, nobody waits for its answers any longer. */
void demo_ftp_free(void);

/* Be the server, with the listening socket `number`. Returns its exit status. */
int demo_ftp_serve(const char *number);

#endif
