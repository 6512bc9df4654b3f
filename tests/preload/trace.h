/* SPDX-License-Identifier: MIT */
#ifndef TRACE_H
#define TRACE_H

/*
 * trace.h - the system calls of a program, stock and preloaded, side by side.
 *
 * One thread. Calls are lines of strace, without addresses and other chance; calls
 * that only get memory are left out, as they follow from the rest.
 */

#define TRACE_STRACE "/usr/bin/strace"
#define TRACE_MOST   8192

struct trace {
	int count;
	char *calls[TRACE_MOST];
};

/* Run `program` (arguments end with NULL) under strace and keep its calls in `trace`.
   Fails the test unless it ends with `status`. */
void trace_run(struct trace *trace, const char *program, const char *const *arguments,
	       int is_stock, int status);

/* The calls between access("from") and access("to"), into `part`. */
void trace_cut(const struct trace *trace, const char *from, const char *to,
	       struct trace *part);

/* Fail the test unless the preloaded program makes every call of the stock one, in its
   order, and besides only calls that begin with one of `allowed` (ends with NULL; a '*'
   stands for anything up to the next ','). Returns the number of calls besides. */
int trace_assert_only_adds(const struct trace *stock, const struct trace *preloaded,
			   const char *const *allowed);

#endif
