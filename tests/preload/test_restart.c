/* SPDX-License-Identifier: MIT */
/*
 * test_restart.c - what a program has held is free as soon as it has ended, when nothing of
 * it hangs: a supervisor that starts it again at once finds its port and its lock.
 *
 * The server is healthy and slow: a close takes longer than most, and none expires.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define FLUSH_MS    50
#define PATIENCE_MS 10000
#define TIMES	    20

static int is_port_free(int64_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = bind(fd, (struct sockaddr *)&address, sizeof(address));

	close(fd);
	return error == 0;
}

static void end_once(const struct mount *fuse, const char *kept, const char *lock,
		     const char *fifo)
{
	int others = open(lock, O_RDWR | O_CLOEXEC);
	int reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char byte;

	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("holder"),
		.arguments = { "exit", "written", mount_path(fuse, "file"), lock, fifo,
			       kept } });
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	int is_unlocked = flock(others, LOCK_EX | LOCK_NB) == 0;
	int is_free = is_port_free(victim->marks->number[0]);
	assert_int_equal(read(reader, &byte, 1), 0);
	assert_true(is_unlocked);
	assert_true(is_free);
	bounds_took("close", &victim->marks->call[0], FLUSH_MS, FLUSH_MS);
	events_assert_count(victim->events, "expired", 0);
	assert_int_equal(close(others) | close(reader), 0);
}

static void end_often(const char *kept)
{
	struct mount *fuse = mount_start(NULL);
	const char *lock = scratch_path("lock"), *fifo = scratch_path("fifo");

	scratch_put(lock, "");
	unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	if (kept)
		kept = mount_put(fuse, kept);
	fuse->orders->delay_ms = FLUSH_MS;
	for (int i = 0; i < TIMES; i++)
		end_once(fuse, kept, lock, fifo);
}

static void after_a_slow_close_all_is_free_when_the_program_has_ended(void **state)
{
	(void)state;
	end_often(NULL);
}

/* Closed by the end itself. */
static void after_a_slow_end_all_is_free_when_the_program_has_ended(void **state)
{
	(void)state;
	end_often("kept");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(after_a_slow_close_all_is_free_when_the_program_has_ended),
		SUITE_TEST(after_a_slow_end_all_is_free_when_the_program_has_ended),
	};

	return suite_run(tests);
}
