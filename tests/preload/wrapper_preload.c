/* SPDX-License-Identifier: MIT */
/*
 * wrapper_preload.c - somebody else's preload: stands in front of poll and getaddrinfo and
 * passes every call on.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>

__attribute__((visibility("default"))) int poll(struct pollfd *fds, nfds_t count,
						int timeout_ms)
{
	int (*next)(struct pollfd *, nfds_t, int) =
		(int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
	int result = next(fds, count, timeout_ms);

	return result;
}

__attribute__((visibility("default"))) int getaddrinfo(const char *host,
						       const char *service,
						       const struct addrinfo *hints,
						       struct addrinfo **list)
{
	int (*next)(const char *, const char *, const struct addrinfo *,
		    struct addrinfo **) =
		(int (*)(const char *, const char *, const struct addrinfo *,
			 struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
	int result = next(host, service, hints, list);

	return result;
}
