/* SPDX-License-Identifier: MIT */
/*
 * holdings.c - what others wait for while a victim holds it.
 */
#include "holdings.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounds.h"
#include "scratch.h"
#include "suite.h"

#define PATIENCE_MS 3000

struct holdings holdings_make(void)
{
	static int number;
	struct holdings holdings;
	char name[32];

	snprintf(name, sizeof(name), "lock-%d", number);
	holdings.lock = scratch_path(name);
	scratch_put(holdings.lock, "");
	snprintf(name, sizeof(name), "fifo-%d", number++);
	holdings.fifo = scratch_path(name);
	assert_int_equal(mkfifo(holdings.fifo, 0600), 0);
	holdings.reader = open(holdings.fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(holdings.reader != -1);
	return holdings;
}

static int64_t await_end_of_fifo(const struct holdings *holdings)
{
	struct pollfd source = { .fd = holdings->reader, .events = POLLIN };

	assert_int_equal(poll(&source, 1, PATIENCE_MS), 1);
	assert_true(source.revents & POLLHUP);
	close(holdings->reader);
	return bounds_now();
}

static int64_t await_lock(const struct holdings *holdings)
{
	int fd = open(holdings->lock, O_RDWR | O_CLOEXEC);

	for (int64_t until = bounds_after(PATIENCE_MS);
	     flock(fd, LOCK_EX | LOCK_NB) != 0;) {
		if (!bounds_nap(until))
			fail_msg("the lock is still held");
	}
	close(fd);
	return bounds_now();
}

static int64_t await_port(const struct running *victim)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port =
					       htons((uint16_t)victim->marks->number[0]),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (int64_t until = bounds_after(PATIENCE_MS);
	     bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0;) {
		if (!bounds_nap(until))
			fail_msg("the port is still taken");
	}
	close(fd);
	return bounds_now();
}

void holdings_assert_own_free(const struct holdings *holdings,
			      const struct running *victim, int64_t since_ns,
			      int within_ms)
{
	bounds_span("pipe of its own", since_ns, await_end_of_fifo(holdings), 0,
		    within_ms);
	bounds_span("lock", since_ns, await_lock(holdings), 0, within_ms);
	bounds_span("port", since_ns, await_port(victim), 0, within_ms);
}

void holdings_assert_free(const struct holdings *holdings, struct running *victim,
			  int64_t since_ns, int within_ms)
{
	bounds_span("waitpid", since_ns, victim->reaped_ns, 0, within_ms);
	bounds_span("stdout", since_ns, run_await_end_of_output(victim, PATIENCE_MS), 0,
		    within_ms);
	holdings_assert_own_free(holdings, victim, since_ns, within_ms);
}
