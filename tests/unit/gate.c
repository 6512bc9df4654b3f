/* SPDX-License-Identifier: MIT */
/*
 * gate.c - a call that hangs until the test lets it go.
 */
#include "gate.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

struct gate gate_shut(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	return (struct gate){ ends[0], ends[1] };
}

struct cf_call gate_call(const struct gate *gate)
{
	static char byte;

	return (struct cf_call){ SYS_read, { gate->fd, (long)&byte, 1 } };
}

void gate_open(const struct gate *gate, int calls)
{
	for (int i = 0; i < calls; i++)
		assert_int_equal(write(gate->opener, "", 1), 1);
}

void gate_open_late(const struct gate *gate, int64_t length_ms)
{
	pid_t late = fork();

	assert_true(late != -1);
	if (late != 0)
		return;
	unit_pass(length_ms);
	_exit(write(gate->opener, "", 1) == 1 ? 0 : 1);
}
