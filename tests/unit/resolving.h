/* SPDX-License-Identifier: MIT */
#ifndef RESOLVING_H
#define RESOLVING_H

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "gate.h"
#include "resolver.h"

/*
 * resolving.h - threads made as libcurl makes its own, and a getaddrinfo() that hangs
 * until the test lets it go.
 *
 * The host says what happens: "now.example" answers at once, "missing.example" fails at
 * once with EAI_SYSTEM and ENETDOWN, "late.missing" fails so when it is let go, and every
 * other one is found when it is let go.
 */

struct resolving {
	pthread_t thread;
	const char *host;
	struct gate *start; /* the thread hangs here before it resolves; NULL: not */
	bool is_twice;	    /* it resolves again with what it got             */
	int result, error;  /* of cf_resolver_resolve(), and its errno        */
	struct addrinfo *list;
	sigset_t mask; /* of the thread, afterwards */
};

/* What the double of getaddrinfo() has seen, and that of freeaddrinfo(). */
extern struct resolving_seen {
	_Atomic int begun, ended, released;
	pthread_t thread;
	sigset_t mask;
	char host[64], service[64];
	struct addrinfo hints;
} resolving_seen;

extern _Atomic int resolving_refused; /* so many threads are not made: EAGAIN */
extern const struct cf_resolver_real
	resolving_real; /* the doubles, and that refusal    */

/* Begin: the gate that resolves hang on is shut. */
void resolving_begin(void);

/* Have a thread of libcurl's, made for `owner`, resolve its host. */
void resolving_start(struct resolving *resolving, const char *host, const void *owner);

/* The same, and wait until its resolve hangs. */
void resolving_hang(struct resolving *resolving, const char *host, const void *owner);

/* Let so many of the resolves that hang go. */
void resolving_let_go(int count);

/* Whether this counter comes to be `count` in time. */
bool resolving_comes_to(const _Atomic int *counter, int count);

/* Wait until every thread that was made since resolving_begin() is gone. Fails the test
   when that takes too long. */
void resolving_await_end(void);

#endif
