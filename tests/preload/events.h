/* SPDX-License-Identifier: MIT */
#ifndef EVENTS_H
#define EVENTS_H

/*
 * events.h - what the library has written to an events file.
 *
 * One thread. Every line that is read here is checked: one JSON object, each key of
 * the schema with a value of its kind. What is wrong fails the test.
 */

#define EVENTS_MOST_THREADS 8

struct event_thread {
	int tid;
	char comm[32], state[32], call[32], channel[64];
};

struct event {
	int pid, handle;  /* an fd; -1 for a handle of libcurl's */
	char address[24]; /* of that; "" for an fd               */
	char comm[32], call[32], class[16], name[256], mount[256];
	char ending[16], error[32], would[16]; /* would is "" outside of observe mode */
	double deadline_ms, waited_ms;	       /* deadline_ms is -1 for none          */
	int result;
	double age_ms;	  /* of "leaked" alone; -1 for unknown   */
	long unwritten;	  /* of "forced-exit" alone: bytes; -1 for any other */
	int thread_count; /* of "forced-exit" alone; the first few */
	struct event_thread threads[EVENTS_MOST_THREADS];
};

#define EVENTS_MOST 1024

struct events {
	int count;
	struct event list[EVENTS_MOST];
};

/* Read them all. Static: good until the next call. */
const struct events *events_read(const char *path);

/* How many have this ending. */
int events_count(const char *path, const char *ending);

/* Fail the test unless `count` have this ending, at once or within 5 s: a busy machine
   may have them written a little after the close. */
void events_assert_count(const char *path, const char *ending, int count);

/* The only one with this ending, awaited like this; fails the test when there is none or
   more. Static. */
const struct event *events_only(const char *path, const char *ending);

/* Wait until `count` have this ending; fails the test after 5 s. */
void events_await(const char *path, const char *ending, int count);

#endif
