/* SPDX-License-Identifier: MIT */
#ifndef MODULE_STATIC_H
#define MODULE_STATIC_H

/*
 * module_static.h - what victim_curl_static finds in its module by dlsym. One thread.
 */

#define MODULE __attribute__((visibility("default")))

/* What the end of a client was like. */
struct module_seen {
	int result;  /* of curl_multi_cleanup()                                     */
	int watched; /* sockets that libcurl has not taken back from the event loop */
	int foreign; /* callbacks on another thread                                 */
};

/* Begin `count` transfers from names that are never answered. Returns how many sockets the
   event loop has to watch. */
MODULE int module_begin(int count);

/* End them all while they are pending, as an asynchronous client is closed. */
MODULE struct module_seen module_close(void);

/* Connect to this FTP server and let go of the connection again. Returns the result of the
   transfer. */
MODULE int module_transfer(const char *url);

#endif
