/* SPDX-License-Identifier: MIT */
/*
 * trace.c - the system calls of a program, stock and preloaded, side by side.
 */
#include "trace.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "scratch.h"
#include "suite.h"

#define RUN_MS 20000

static int begins_with_one_of(const char *line, const char *const *starts)
{
	for (; *starts; starts++) {
		if (strncmp(line, *starts, strlen(*starts)) == 0)
			return 1;
	}
	return 0;
}

/* Take out what differs from run to run: addresses, padding, random bytes. */
static void normalise(char *line)
{
	static const char *const by_chance[] = { "getrandom(", "set_tid_address(",
						 "sysinfo(", NULL };
	char *to = line;

	if (begins_with_one_of(line, by_chance)) {
		*strchr(line, '(') = '\0';
		return;
	}
	for (const char *from = line; *from;) {
		if (from[0] == '0' && from[1] == 'x') {
			for (from += 2; isxdigit((unsigned char)*from); from++)
				;
			*to++ = '@';
		} else if (from[0] == ' ' && from[1] == ' ') {
			from++;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static void add_calls(struct trace *trace, char *text)
{
	static const char *const left_out[] = { "execve(",   "mmap(",	 "munmap(",
						"mprotect(", "madvise(", "brk(",
						NULL };

	trace->count = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (begins_with_one_of(line, left_out))
			continue;
		normalise(line);
		assert_true(trace->count < TRACE_MOST);
		trace->calls[trace->count++] = line;
	}
}

void trace_run(struct trace *trace, const char *program, const char *const *arguments,
	       int is_stock, int status)
{
	static int number;
	char name[] = "trace-0";
	struct run_order order = { .program = TRACE_STRACE, .is_stock = 1 };
	int count = 0;

	name[sizeof(name) - 2] = (char)('A' + number++);
	const char *log = scratch_path(name);
	order.arguments[count++] = "-o";
	order.arguments[count++] = log;
	if (!is_stock) {
		order.arguments[count++] = "-E";
		order.arguments[count++] = run_preload();
	}
	order.arguments[count++] = program;
	for (; *arguments; arguments++)
		order.arguments[count++] = *arguments;
	run_assert_ends(run_start(&order), RUN_MS, status);
	add_calls(trace, scratch_text(log));
}

static int find_mark(const struct trace *trace, const char *mark)
{
	for (int i = 0; i < trace->count; i++) {
		if (strncmp(trace->calls[i], "access(", 7) == 0 &&
		    strstr(trace->calls[i], mark))
			return i;
	}
	fail_msg("no call with %s", mark);
	return 0;
}

void trace_cut(const struct trace *trace, const char *from, const char *to,
	       struct trace *part)
{
	int first = find_mark(trace, from) + 1;

	part->count = find_mark(trace, to) - first;
	memcpy(part->calls, trace->calls + first, (size_t)part->count * sizeof(char *));
}

static int matches(const char *call, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			call += strcspn(call, ",");
			continue;
		}
		if (*call++ != *pattern)
			return 0;
	}
	return 1;
}

/* A call besides is allowed by its name, and read and close only of a file that such a
   call has opened. */
static int is_allowed(const char *call, const char *const *allowed, int *opened)
{
	int is_close = strncmp(call, "close(", 6) == 0;

	if ((is_close || strncmp(call, "read(", 5) == 0) && *opened == 0)
		return 0;
	*opened += strncmp(call, "openat(", 7) == 0 || strstr(call, "F_DUPFD") != NULL;
	*opened -= is_close;
	for (; *allowed; allowed++) {
		if (matches(call, *allowed))
			return 1;
	}
	return 0;
}

int trace_assert_only_adds(const struct trace *stock, const struct trace *preloaded,
			   const char *const *allowed)
{
	int next = 0, opened = 0;

	for (int i = 0; i < preloaded->count; i++) {
		const char *call = preloaded->calls[i];

		if (next < stock->count && strcmp(call, stock->calls[next]) == 0)
			next++;
		else if (!is_allowed(call, allowed, &opened))
			fail_msg("a call that stock does not make here: %s\nstock: %s",
				 call,
				 next < stock->count ? stock->calls[next] : "(nothing)");
	}
	if (next < stock->count)
		fail_msg("a call that only stock makes: %s", stock->calls[next]);
	return preloaded->count - stock->count;
}
