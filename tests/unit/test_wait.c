/* SPDX-License-Identifier: MIT */
/*
 * test_wait.c - a poll of libcurl's inside and outside of a scope, on real sockets. A
 * frame is a place in an array here: the stack grows downwards.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate.h"
#include "unit.h"
#include "visit.h"
#include "wait.h"

static char stack[2];
static char *const door = &stack[1], *const inner = &stack[0];
static struct cf_policy policy;

/* What the double of poll() answers, how long it takes, and what it saw. */
static struct {
	int result, error, takes_ms;
	int calls, timeout_ms;
	struct pollfd *fds;
	nfds_t count;
} fake;

static int fake_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	fake.calls++;
	fake.fds = fds;
	fake.count = count;
	fake.timeout_ms = timeout_ms;
	if (fake.takes_ms)
		unit_pass(fake.takes_ms);
	errno = fake.error;
	return fake.result;
}

static int given_a_policy(void **state)
{
	(void)state;
	cf_policy_defaults(&policy);
	cf_wait_begin(&policy);
	return 0;
}

static struct cf_visit *enter(enum cf_visit_kind kind, int64_t length_ns)
{
	struct cf_visit *visit = cf_visit_now(inner);

	*visit = (struct cf_visit){ .kind = kind,
				    .frame = door,
				    .until = cf_clock_after(length_ns) };
	return visit;
}

static struct sockaddr_in bind_here(int fd)
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t size = sizeof(here);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&here, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
	return here;
}

/* A listening socket, and a connection to it whose other end is *peer. */
static int listener, peer;

static int connect_somewhere(char *expected_name)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in here = bind_here(listener);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
	sprintf(expected_name, "answer of 127.0.0.1:%d", ntohs(here.sin_port));
	return fd;
}

static void assert_is_the_real_call(void)
{
	struct pollfd fds[2] = { { .fd = -1 }, { .fd = -1 } };

	fake.calls = 0;
	fake.result = 5;
	fake.error = ENOTTY;
	assert_int_equal(cf_wait_poll(fake_poll, fds, 2, 120000, inner), 5);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(fake.calls, 1);
	assert_ptr_equal(fake.fds, fds);
	assert_int_equal(fake.count, 2);
	assert_int_equal(fake.timeout_ms, 120000);
	cf_wait_poll(fake_poll, fds, 2, -1, inner);
	assert_int_equal(fake.timeout_ms, -1);
}

static void outside_of_a_scope_a_poll_is_the_real_one(void **state)
{
	(void)state;
	assert_is_the_real_call();
	enter(CF_VISIT_TRANSFER, 0);
	assert_is_the_real_call();
	enter(CF_VISIT_CLEANUP, 0)->frame = inner; /* which was left by longjmp */
	assert_is_the_real_call();
}

static void a_poll_that_waits_for_nothing_is_the_real_one(void **state)
{
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 0);
	char unused[64];
	struct pollfd end = { .fd = connect_somewhere(unused), .events = POLLIN };

	(void)state;
	assert_int_equal(cf_wait_poll(fake_poll, &end, 1, 0, inner), 0);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(fake.timeout_ms, 0);
	assert_int_equal(visit->ended, 0);
	assert_int_equal(recv(peer, unused, 1, MSG_DONTWAIT), -1); /* is still there */
}

static void a_connection_is_hung_up_at_the_instant_and_its_peer_sees_the_end(void **state)
{
	char name[64], byte;
	struct pollfd end = { .fd = connect_somewhere(name), .events = POLLIN };
	cf_instant began = cf_clock_now();
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 50 * CF_MS);

	(void)state;
	assert_int_equal(cf_wait_poll(poll, &end, 1, 120000, inner), 1);
	unit_assert_took(cf_clock_now() - began, 50, 50);
	assert_true(end.revents & POLLIN);
	assert_int_equal(recv(end.fd, &byte, 1, 0), 0);
	assert_int_equal(recv(peer, &byte, 1, 0), 0);
	assert_int_equal(visit->ended, 1);
	assert_string_equal(visit->waited_for, name);
	unit_assert_took(visit->waited_ns, 49, 50);
}

static void past_the_instant_the_next_connection_is_hung_up_at_once(void **state)
{
	char name[64], byte;
	struct pollfd end = { .fd = connect_somewhere(name), .events = POLLIN };
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 0);

	(void)state;
	visit->ended = 1;
	assert_int_equal(cf_wait_poll(poll, &end, 1, -1, inner), 1);
	assert_int_equal(recv(peer, &byte, 1, 0), 0);
	assert_int_equal(visit->ended, 2);
}

static void an_answer_that_is_there_is_taken_even_past_the_instant(void **state)
{
	char name[64], byte;
	struct pollfd end = { .fd = connect_somewhere(name), .events = POLLIN };
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 0);

	(void)state;
	assert_int_equal(send(peer, "a", 1, 0), 1);
	assert_int_equal(poll(&end, 1, 5000), 1);
	assert_int_equal(cf_wait_poll(poll, &end, 1, -1, inner), 1);
	assert_int_equal(visit->ended, 0);
	assert_int_equal(recv(peer, &byte, 1, MSG_DONTWAIT), -1);
}

static void of_many_only_connections_are_hung_up(void **state)
{
	char name[64], byte;
	int pair[2], pipes[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pipe(pipes), 0);
	struct pollfd fds[4] = { { .fd = -1 },
				 { .fd = pipes[0], .events = POLLIN },
				 { .fd = connect_somewhere(name), .events = POLLIN },
				 { .fd = pair[0], .events = POLLIN } };
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 10 * CF_MS);
	assert_int_equal(cf_wait_poll(poll, fds, 4, -1, inner), 2);
	assert_int_equal(visit->ended, 2);
	assert_int_equal(fds[1].revents, 0);
	assert_int_equal(recv(peer, &byte, 1, 0), 0);
	assert_int_equal(recv(pair[1], &byte, 1, 0), 0);
	assert_int_equal(write(pipes[1], "a", 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
}

/* A wait for it ends by its own time-out, and nothing is ended. */
static void assert_is_waited_for(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLIN };
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 20 * CF_MS);
	cf_instant began = cf_clock_now();

	assert_int_equal(cf_wait_poll(poll, &end, 1, 60, inner), 0);
	unit_assert_took(cf_clock_now() - began, 59, 60);
	assert_int_equal(visit->ended, 0);
}

static void a_pipe_is_not_hung_up(void **state)
{
	struct gate gate = gate_shut();
	char byte;

	(void)state;
	assert_is_waited_for(gate.fd);
	gate_open(&gate, 1);
	assert_int_equal(read(gate.fd, &byte, 1), 1);
}

static void a_udp_socket_is_not_hung_up(void **state)
{
	int one = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in here = bind_here(one), there = bind_here(other);
	char byte;

	(void)state;
	assert_int_equal(connect(one, (struct sockaddr *)&there, sizeof(there)), 0);
	assert_is_waited_for(one);
	assert_int_equal(sendto(other, "a", 1, 0, (struct sockaddr *)&here, sizeof(here)),
			 1);
	assert_int_equal(recv(one, &byte, 1, 0), 1);
}

static void a_listening_socket_is_not_hung_up(void **state)
{
	struct sockaddr_in here;
	socklen_t size = sizeof(here);
	char unused[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	connect_somewhere(unused);
	assert_is_waited_for(listener);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&here, size), 0);
	assert_true(accept(listener, NULL, NULL) >= 0);
}

static void an_answer_in_time_is_the_result(void **state)
{
	struct gate gate = gate_shut();
	struct pollfd end = { .fd = gate.fd, .events = POLLIN };
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 20000 * CF_MS);
	cf_instant began = cf_clock_now();

	(void)state;
	gate_open_late(&gate, 30);
	assert_int_equal(cf_wait_poll(poll, &end, 1, -1, inner), 1);
	unit_assert_took(cf_clock_now() - began, 30, 30);
	unit_assert_took(visit->waited_ns, 20, 30);
	assert_int_equal(visit->ended, 0);
}

static void a_time_out_before_the_instant_is_0_as_ever(void **state)
{
	char unused[64], byte;
	struct pollfd end = { .fd = connect_somewhere(unused), .events = POLLIN };
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 20000 * CF_MS);
	cf_instant began = cf_clock_now();

	(void)state;
	assert_int_equal(cf_wait_poll(poll, &end, 1, 35, inner), 0);
	unit_assert_took(cf_clock_now() - began, 34, 35);
	assert_int_equal(visit->ended, 0);
	assert_int_equal(recv(peer, &byte, 1, MSG_DONTWAIT), -1);
}

static void an_interrupted_wait_is_interrupted(void **state)
{
	struct pollfd end = { .fd = -1 };

	(void)state;
	enter(CF_VISIT_CLEANUP, 20000 * CF_MS);
	fake.result = -1;
	fake.error = EINTR;
	assert_int_equal(cf_wait_poll(fake_poll, &end, 1, -1, inner), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(fake.calls, 1);
}

static void time_in_which_the_process_was_stopped_is_given_back(void **state)
{
	struct pollfd end = { .fd = -1 };
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, 20000 * CF_MS);
	cf_instant until = visit->until;

	(void)state;
	fake.result = 1;
	fake.takes_ms = 200; /* for a slice of 10 */
	assert_int_equal(cf_wait_poll(fake_poll, &end, 1, -1, inner), 1);
	assert_true(fake.timeout_ms <= 10);
	unit_assert_took(visit->until - until, 190, 190);
	visit = enter(CF_VISIT_CLEANUP, CF_NEVER);
	assert_int_equal(cf_wait_poll(fake_poll, &end, 1, -1, inner), 1);
	assert_true(visit->until == CF_NEVER);
}

static void what_is_only_observed_waits_as_long_as_it_takes(void **state)
{
	char unused[64], byte;
	struct pollfd end = { .fd = connect_somewhere(unused), .events = POLLIN };
	struct cf_visit *visit = enter(CF_VISIT_CLEANUP, CF_NEVER);

	(void)state;
	assert_int_equal(cf_wait_poll(poll, &end, 1, 60, inner), 0);
	assert_int_equal(visit->ended, 0);
	assert_true(visit->until == CF_NEVER);
	unit_assert_took(visit->waited_ns, 59, 60);
	assert_int_equal(recv(peer, &byte, 1, MSG_DONTWAIT), -1);
}

#define WAIT_TEST(function) cmocka_unit_test_setup(function, given_a_policy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAIT_TEST(outside_of_a_scope_a_poll_is_the_real_one),
		WAIT_TEST(a_poll_that_waits_for_nothing_is_the_real_one),
		WAIT_TEST(
			a_connection_is_hung_up_at_the_instant_and_its_peer_sees_the_end),
		WAIT_TEST(past_the_instant_the_next_connection_is_hung_up_at_once),
		WAIT_TEST(an_answer_that_is_there_is_taken_even_past_the_instant),
		WAIT_TEST(of_many_only_connections_are_hung_up),
		WAIT_TEST(a_pipe_is_not_hung_up),
		WAIT_TEST(a_udp_socket_is_not_hung_up),
		WAIT_TEST(a_listening_socket_is_not_hung_up),
		WAIT_TEST(an_answer_in_time_is_the_result),
		WAIT_TEST(a_time_out_before_the_instant_is_0_as_ever),
		WAIT_TEST(an_interrupted_wait_is_interrupted),
		WAIT_TEST(time_in_which_the_process_was_stopped_is_given_back),
		WAIT_TEST(what_is_only_observed_waits_as_long_as_it_takes),
	};

	return unit_run(tests);
}
