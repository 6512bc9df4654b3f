/* SPDX-License-Identifier: MIT */
/*
 * test_letting_go.c - while a close is still stuck, nothing of the program stays
 * behind that another waits for: not the process, nor its pipes, locks and ports.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

#define PROMPTLY_MS 50
#define PATIENCE_MS 3000
#define REAP_MS	    5000

static const char *lock;
static int fifo; /* read end; the victim has the write end, close-on-exec */

/* What hangs: the flush of a read-only file, or the write-back of a written one. */
static const struct hang {
	const char *option; /* of wedgefs */
	enum wedge_operation operation;
	const char *kind;
} flush = { NULL, WEDGE_FLUSH, "read" }, write_back = { "-w", WEDGE_WRITE, "written" };

static struct mount *fuse;

/* `left_open` is a file that the victim holds as well; NULL for none. */
static struct running *start_holder(const struct hang *hang, const char *verb,
				    const char *left_open)
{
	static int number;
	char name[32];

	fuse = mount_start(hang->option);
	const char *path = mount_put(fuse, "file");
	snprintf(name, sizeof(name), "lock-%d", number);
	lock = scratch_path(name);
	scratch_put(lock, "");
	snprintf(name, sizeof(name), "fifo-%d", number++);
	const char *fifo_path = scratch_path(name);
	assert_int_equal(mkfifo(fifo_path, 0600), 0);
	fifo = open(fifo_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fifo != -1);
	mount_hang(fuse, hang->operation);
	return run_start(&(struct run_order){
		.program = RUN_VICTIM("holder"),
		.arguments = { verb, hang->kind, path, lock, fifo_path, left_open },
		.variables = { "CURFEW_DEADLINE_WRITE=300ms" } });
}

static int64_t await_end_of_fifo(void)
{
	struct pollfd source = { .fd = fifo, .events = POLLIN };

	assert_int_equal(poll(&source, 1, PATIENCE_MS), 1);
	assert_true(source.revents & POLLHUP);
	close(fifo);
	return bounds_now();
}

static int64_t await_lock(void)
{
	int fd = open(lock, O_RDWR | O_CLOEXEC);

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

/* What is close-on-exec: free at the end of the process and at its exec. */
static void assert_own_things_are_free(const struct running *victim, int64_t since_ns)
{
	bounds_span("pipe of its own", since_ns, await_end_of_fifo(), 0, PROMPTLY_MS);
	bounds_span("lock", since_ns, await_lock(), 0, PROMPTLY_MS);
	bounds_span("port", since_ns, await_port(victim), 0, PROMPTLY_MS);
}

static void assert_all_is_free(struct running *victim, int64_t since_ns)
{
	bounds_span("waitpid", since_ns, victim->reaped_ns, 0, PROMPTLY_MS);
	bounds_span("stdout", since_ns, run_await_end_of_output(victim, PATIENCE_MS), 0,
		    PROMPTLY_MS);
	assert_own_things_are_free(victim, since_ns);
}

static void assert_exit_lets_go(const struct hang *hang)
{
	struct running *victim = start_holder(hang, "exit", NULL);

	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_all_is_free(victim, victim->marks->left_ns);
	assert_int_equal(fuse->orders->waiting[hang->operation], 1);
}

static void assert_sigkill_lets_go(const struct hang *hang)
{
	struct running *victim = start_holder(hang, "killed", NULL);

	run_await_step(victim, 1, REAP_MS);
	int64_t killed_ns = bounds_now();
	kill(victim->pid, SIGKILL);
	run_assert_ends(victim, REAP_MS, RUN_SIGNALLED + SIGKILL);
	assert_all_is_free(victim, killed_ns);
	assert_int_equal(fuse->orders->waiting[hang->operation], 1);
}

static void assert_exec_lets_go(const struct hang *hang)
{
	struct running *victim = start_holder(hang, "exec", NULL);

	run_await_step(victim, 2, REAP_MS);
	assert_own_things_are_free(victim, victim->marks->left_ns);
	assert_false(run_has_ended(victim));
	run_let_go(victim, 2);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS + 1);
	bounds_span("waitpid", victim->marks->left_ns, victim->reaped_ns, 0, PROMPTLY_MS);
	bounds_span("stdout", victim->marks->left_ns,
		    run_await_end_of_output(victim, PATIENCE_MS), 0, PROMPTLY_MS);
	assert_int_equal(fuse->orders->waiting[hang->operation], 1);
}

static void after_its_exit_nothing_is_held_while_the_flush_is_stuck(void **state)
{
	(void)state;
	assert_exit_lets_go(&flush);
}

static void after_sigkill_nothing_is_held_while_the_flush_is_stuck(void **state)
{
	(void)state;
	assert_sigkill_lets_go(&flush);
}

static void after_an_exec_what_closes_there_is_free_and_the_rest_at_its_end(void **state)
{
	(void)state;
	assert_exec_lets_go(&flush);
}

static void with_a_stuck_write_back_nothing_is_held_after_its_exit(void **state)
{
	(void)state;
	assert_exit_lets_go(&write_back);
}

static void with_a_stuck_write_back_nothing_is_held_after_sigkill(void **state)
{
	(void)state;
	assert_sigkill_lets_go(&write_back);
}

static void with_a_stuck_write_back_nothing_is_held_after_an_exec(void **state)
{
	(void)state;
	assert_exec_lets_go(&write_back);
}

static void sigkill_during_the_close_ends_the_program_at_once(void **state)
{
	(void)state;
	struct running *victim = start_holder(&flush, "killed", NULL);
	mount_await_waiting(fuse, WEDGE_FLUSH, 1);
	int64_t killed_ns = bounds_now();
	kill(victim->pid, SIGKILL);
	run_assert_ends(victim, REAP_MS, RUN_SIGNALLED + SIGKILL);
	bounds_span("waitpid", killed_ns, victim->reaped_ns, 0, PROMPTLY_MS);
}

/* Its close would hang as well, in whoever makes it: so it must come last. */
static void an_open_file_on_another_hung_mount_holds_nothing_else(void **state)
{
	struct mount *other = mount_start(NULL);
	const char *left_open = mount_put(other, "file");

	(void)state;
	mount_hang(other, WEDGE_FLUSH);
	struct running *victim = start_holder(&flush, "exit", left_open);
	run_assert_ends(victim, REAP_MS, VICTIM_STATUS);
	assert_all_is_free(victim, victim->marks->left_ns);
}

static void a_pipeline_ends_with_the_program_while_the_flush_is_stuck(void **state)
{
	char line[512], variable[1024];

	(void)state;
	fuse = mount_start(NULL);
	const char *path = mount_put(fuse, "file");
	mount_hang(fuse, WEDGE_FLUSH);
	snprintf(line, sizeof(line), "(%s '%s' read '%s'; echo status $?) | cat",
		 "env \"$PRELOAD\"", RUN_VICTIM("file"), path);
	snprintf(variable, sizeof(variable), "PRELOAD=%s", run_preload());
	struct running *shell = run_start(
		&(struct run_order){ "/bin/sh", { "-c", line }, { variable }, 1 });
	run_assert_ends(shell, REAP_MS, 0);
	assert_string_equal(run_output(shell), "status 7\n");
	bounds_span("pipeline", shell->marks->left_ns, shell->reaped_ns, 0, PROMPTLY_MS);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(after_its_exit_nothing_is_held_while_the_flush_is_stuck),
		SUITE_TEST(after_sigkill_nothing_is_held_while_the_flush_is_stuck),
		SUITE_TEST(
			after_an_exec_what_closes_there_is_free_and_the_rest_at_its_end),
		SUITE_TEST(with_a_stuck_write_back_nothing_is_held_after_its_exit),
		SUITE_TEST(with_a_stuck_write_back_nothing_is_held_after_sigkill),
		SUITE_TEST(with_a_stuck_write_back_nothing_is_held_after_an_exec),
		SUITE_TEST(sigkill_during_the_close_ends_the_program_at_once),
		SUITE_TEST(an_open_file_on_another_hung_mount_holds_nothing_else),
		SUITE_TEST(a_pipeline_ends_with_the_program_while_the_flush_is_stuck),
	};

	return suite_run(tests);
}
