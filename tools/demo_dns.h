/* SPDX-License-Identifier: MIT */
#ifndef DEMO_DNS_H
#define DEMO_DNS_H

#include <stddef.h>

/*
 * demo_dns.h - a DNS server that never answers, and that every lookup asks.
 *
 * Only for this process and what it starts: in a mount namespace of the demo's own,
 * /etc/resolv.conf names this server alone. Where it can be, the server is in a network of
 * the demo's own too; else at a loopback address that nobody uses. One at a time; one
 * thread only.
 */

/*
 * Have every lookup ask it. Writes a URL with a name in it, for the victim, to
 * `argument`. Returns NULL, or why it cannot be done here; that text is valid until the
 * next call.
 */
const char *demo_dns_set(char *argument, size_t bytes);

/* End it: lookups are again those of the machine, as far as its network is there. */
void demo_dns_free(void);

#endif
