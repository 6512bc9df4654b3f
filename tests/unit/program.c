/* SPDX-License-Identifier: MIT */
/*
 * program.c - a forked process with a stuck hand and an undertaker.
 */
#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fork.h"
#include "hand.h"
#include "kin.h"
#include "task.h"
#include "undertaker.h"
#include "unit.h"

#define PATIENCE_MS 5000
#define UNDERTAKER  "curfew-under"

bool program_get_stuck(const struct program *program)
{
	static const struct cf_event event = {
		.call = "read", .class = "", .name = "", .mount = ""
	};
	struct cf_order order = {
		.call = gate_call(&program->gate),
		.identity = cf_identity_read(program->gate.fd),
		.event = &event,
	};

	return cf_hand_run(&order, cf_clock_now()).ending == CF_EXPIRED;
}

/* Asleep between two looks: it has looked at least once. */
static bool is_watched(void *argument)
{
	pid_t undertaker = kin_find(getpid(), UNDERTAKER);

	(void)argument;
	return undertaker && kin_await_asleep(undertaker, SYS_futex);
}

bool program_get_watched(const struct program *program)
{
	bool is_stuck = program_get_stuck(program);

	if (is_stuck)
		cf_undertaker_watch(cf_hand_slow());
	return is_stuck && unit_await(is_watched, NULL, PATIENCE_MS);
}

void program_tell(const struct program *program)
{
	if (write(program->kept, "!", 1) != 1)
		_exit(3);
}

static struct program start(void (*body)(struct program *program), bool with_hand)
{
	struct program program = { .gate = gate_shut() };
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	program.pid = fork();
	assert_true(program.pid != -1);
	if (program.pid == 0) {
		close(ends[0]);
		program.kept = ends[1];
		if (!cf_fork_begin() || (with_hand && !program_get_watched(&program)))
			_exit(2);
		program_tell(&program);
		body(&program);
		_exit(4);
	}
	close(ends[1]);
	program.kept = -1;
	program.told = ends[0];
	assert_true(program_has_told(&program, PATIENCE_MS));
	return program;
}

struct program program_start(void (*body)(struct program *program))
{
	return start(body, true);
}

struct program program_start_free(void (*body)(struct program *program))
{
	return start(body, false);
}

static ssize_t read_within(const struct program *program, int within_ms)
{
	struct pollfd ready = { .fd = program->told, .events = POLLIN };
	char byte;

	if (poll(&ready, 1, within_ms) != 1)
		return -1;
	return read(program->told, &byte, 1);
}

bool program_has_told(const struct program *program, int within_ms)
{
	return read_within(program, within_ms) == 1;
}

bool program_has_let_go(const struct program *program, int within_ms)
{
	return read_within(program, within_ms) == 0;
}

bool program_runs(const struct program *program)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)program->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		       0 &&
	       info.si_pid == 0;
}

int program_end(struct program *program)
{
	int status = -1;

	gate_open(&program->gate, 1);
	assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
	return status;
}
