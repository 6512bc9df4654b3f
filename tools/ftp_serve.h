/* SPDX-License-Identifier: MIT */
#ifndef FTP_SERVE_H
#define FTP_SERVE_H

/*
 * ftp_serve.h - an FTP server that never answers QUIT.
 *
 * Every login gets every file, a line of text, once; then the server says nothing more to
 * it and leaves the connection open.
 */

/*
 * A TCP socket that listens on 127.0.0.1, at a port that the kernel has chosen, and that
 * is stored in *port; close-on-exec. -1 with errno when that is not possible. The caller
 * owns it.
 */
int ftp_listen(int *port);

/*
 * Serve one login after the other, in this process. Returns only when no more connection
 * can be taken, with errno. For a process of its own, which takes all its connections
 * with it when it ends.
 */
void ftp_serve(int listener);

#endif
