/* SPDX-License-Identifier: MIT */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * command.h - start what a user would type, and look at everything that came back.
 *
 * CURFEW_PREFIX is the scratch prefix that the tests have installed into. The
 * environment is the test's own, plus the sanitizer runtime (CURFEW_TEST_RUNTIME, if
 * set) first in LD_PRELOAD; all signals are at their defaults. Nothing outlives the test: a program that has not ended
 * after PATIENCE_MS is killed, and the test fails.
 */

#define CURFEW	    CURFEW_PREFIX "/bin/curfew"
#define PATIENCE_MS 60000

struct outcome {
	int wait_status;
	int elapsed_ms;
	char out[65536]; /* stdout, NUL-terminated */
	char err[16384]; /* stderr, NUL-terminated */
};

/* Run argv to its end. */
void command_run(struct outcome *outcome, const char *const argv[]);

/* The same for words: COMMAND(&outcome, CURFEW, "run", "true"). */
#define COMMAND(outcome, ...)                                                            \
	command_run(outcome, (const char *const[]){ __VA_ARGS__, NULL })

/* Fail unless it exited, with this status. */
void command_expect(const struct outcome *outcome, int status);

/* How many lines a text has. */
int command_lines(const char *text);

/* A program that runs while the test looks on. */
struct running {
	pid_t pid;
	int out; /* its stdout, to be read */
};

/*
 * Start argv; stderr stays the test's. `prepare`, if not NULL, is called in the
 * child before it executes argv.
 */
struct running command_start(const char *const argv[], void (*prepare)(void));

/* Read one line without its newline; fails the test when none comes. */
void command_line(const struct running *running, char *buffer, size_t bytes);

/* Read on until every writer is gone. */
void command_rest(const struct running *running, char *buffer, size_t bytes);

/* Wait for it to end, or to stop: its wait status. */
int command_wait(const struct running *running, int options);

/* Read a file of /proc; an empty text when it is not there. */
void command_read(const char *path, char *buffer, size_t bytes);

/* The state letter of a process in /proc, waited for; fails the test otherwise. */
void command_await_state(pid_t pid, char state);

/* A copy of the prefix in a fresh directory that everybody may read, called
   /tmp/curfew-test-XXXXXX/NAME; the pointer is good until the next call. */
const char *command_copy_prefix(const char *name);

/* Remove the directory of command_copy_prefix(). A cmocka teardown. */
int command_remove_copy(void **state);

/*
 * What this machine cannot do: skip the test, or fail it where nothing may be
 * skipped (CURFEW_TEST_REQUIRE_ALL=1).
 */
void command_skip(const char *reason);

/* The exit status of a test program of which `failed` tests failed: 77 if one was
   skipped. */
int command_result(int failed);

#endif
