/* SPDX-License-Identifier: MIT */
#ifndef DEMO_NAMESPACE_H
#define DEMO_NAMESPACE_H

#include <stdbool.h>

/*
 * demo_namespace.h - mounts and a network of the demo's own.
 *
 * What is made there nobody else sees, and nothing of it is left when the demo ends, in
 * whatever way. A namespace is entered once, by the whole process and for good; what it
 * starts later is in it too. One thread only.
 */

/*
 * Enter a mount namespace without propagation, and for anyone but root a user namespace
 * too. Returns NULL, or why that cannot be done here; that text is valid until the next
 * call.
 */
const char *demo_namespace_mounts(void);

/*
 * Enter a network namespace that has a loopback and nothing else; after
 * demo_namespace_mounts(). False when that cannot be done: the process is then in the
 * network of the machine as before.
 */
bool demo_namespace_network(void);

/*
 * A directory that every system has, and that does not hold our own files: a place to
 * mount on. NULL when there is none.
 */
const char *demo_namespace_place(void);

#endif
