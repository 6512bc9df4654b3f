/* SPDX-License-Identifier: MIT */
/*
 * say.c - one write per line to a stderr that is still the one we know. Floor 0.
 */
#include "say.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

#include "identity.h"
#include "raw.h"

#define MOST_LINES 16
#define LAST_WORDS " (no more lines from this process)"

static struct cf_identity known_stderr = { .error = -1 };
static _Atomic int lines;
static _Atomic bool is_permitted;

void cf_say_begin(bool quiet)
{
	if (!quiet)
		known_stderr = cf_identity_read(2);
}

void cf_say_permit(bool is_safe)
{
	atomic_store(&is_permitted, is_safe);
}

void cf_say_after_fork(void)
{
	atomic_store(&lines, 0);
}

void cf_say_line(struct cf_text *line, char *bytes, size_t room)
{
	cf_text_begin(line, bytes, room);
	cf_text_add(line, "curfew[");
	cf_text_add_number(line, cf_raw_call3(SYS_getpid, 0, 0, 0));
	cf_text_add(line, "]: ");
}

/* A full pipe that nobody reads would hold us longer than any close. */
static bool may_write(void)
{
	struct cf_identity now = cf_identity_read(2);
	struct pollfd ready = { .fd = 2, .events = POLLOUT };
	struct timespec at_once = { 0, 0 };

	if (!cf_identity_is_same(&now, &known_stderr))
		return false;
	if (now.mode == S_IFREG && !atomic_load(&is_permitted))
		return false;
	return cf_raw_call(SYS_ppoll, (long)&ready, 1, (long)&at_once, 0, 0, 0) == 1 &&
	       ready.revents == POLLOUT;
}

/*
 * Write to a pipe whose reader may just have gone, or to the terminal of another job:
 * neither may send the program a signal that is not its own.
 */
static void write_in_peace(const struct cf_text *line)
{
	unsigned long held = 1UL << (SIGPIPE - 1) | 1UL << (SIGTTOU - 1);
	unsigned long pipe_only = 1UL << (SIGPIPE - 1), before = 0, pending = 0;
	struct timespec at_once = { 0, 0 };

	cf_raw_call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&held, (long)&before, 8, 0, 0);
	cf_raw_call3(SYS_rt_sigpending, (long)&pending, 8, 0);
	long result = cf_raw_call3(SYS_write, 2, (long)line->bytes, (long)line->length);
	if (result == -EPIPE && !(pending & pipe_only))
		cf_raw_call(SYS_rt_sigtimedwait, (long)&pipe_only, 0, (long)&at_once, 8,
			    0, 0);
	cf_raw_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, 8, 0, 0);
}

void cf_say(struct cf_text *line)
{
	if (known_stderr.error || atomic_load(&lines) >= MOST_LINES || !may_write())
		return;
	int before = atomic_fetch_add(&lines, 1);
	if (before >= MOST_LINES)
		return;
	if (before == MOST_LINES - 1)
		cf_text_add(line, LAST_WORDS);
	line->full = false;
	if (line->length + 1 >= line->room)
		line->length = line->room - 2;
	cf_text_add(line, "\n");
	write_in_peace(line);
}
