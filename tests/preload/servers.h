/* SPDX-License-Identifier: MIT */
#ifndef SERVERS_H
#define SERVERS_H

/*
 * servers.h - a network of the driver's own, with the peers of servers.py in it and a
 * resolver that knows them.
 *
 * One thread. Everything ends with the driver.
 */

/* Enter the network and start the peers, on the first call; skips the test where the
   machine cannot. */
void servers_start(void);

/* The certificate of the peers, and its key: paths. Good until the driver ends. */
const char *servers_certificate(void);
const char *servers_key(void);

/* Start another server that ends with the driver, and wait until it listens on this port
   of 127.0.0.1; `arguments` as for execv. Fails the test when it does not. */
void servers_add(char *const *arguments, int port);

#endif
