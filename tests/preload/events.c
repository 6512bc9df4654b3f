/* SPDX-License-Identifier: MIT */
/*
 * events.c - what the library has written to an events file.
 */
#include "events.h"

#include <cjson/cJSON.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "scratch.h"
#include "suite.h"

#define PATIENCE_MS 5000

static void take_string(const cJSON *object, const char *key, char *to, size_t room)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	if (!cJSON_IsString(item))
		fail_msg("an event without a string \"%s\"", key);
	snprintf(to, room, "%s", item->valuestring);
}

static double take_number(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	if (!cJSON_IsNumber(item))
		fail_msg("an event without a number \"%s\"", key);
	return item->valuedouble;
}

/* An fd is a number, a handle of libcurl's an address in a string. */
static void take_handle(const cJSON *object, struct event *event)
{
	event->handle = -1;
	event->address[0] = '\0';
	if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(object, "handle"))) {
		event->handle = (int)take_number(object, "handle");
		return;
	}
	take_string(object, "handle", event->address, sizeof(event->address));
	assert_memory_equal(event->address, "0x", 2);
}

static void check_time(const cJSON *object)
{
	static const char pattern[] = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:"
				      "[0-9]{2}\\.[0-9]{3}Z$";
	char time[64];
	regex_t regex;

	take_string(object, "time", time, sizeof(time));
	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, time, 0, NULL, 0) != 0)
		fail_msg("an event with the time \"%s\"", time);
	regfree(&regex);
}

static void take_thread(const cJSON *object, struct event_thread *thread)
{
	if (!cJSON_IsObject(object))
		fail_msg("a thread that is no object");
	thread->tid = (int)take_number(object, "tid");
	take_string(object, "comm", thread->comm, sizeof(thread->comm));
	take_string(object, "state", thread->state, sizeof(thread->state));
	take_string(object, "call", thread->call, sizeof(thread->call));
	take_string(object, "channel", thread->channel, sizeof(thread->channel));
}

/* Where every thread waited: of an end that was forced, and of nothing else. */
static void take_threads(const cJSON *object, struct event *event)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "threads"), *item;
	struct event_thread thread;
	int is_forced = strcmp(event->ending, "forced-exit") == 0;

	event->thread_count = 0;
	if (is_forced ? !cJSON_IsArray(list) : list != NULL)
		fail_msg("\"threads\" do not go with \"%s\"", event->ending);
	cJSON_ArrayForEach(item, list)
	{
		take_thread(item, &thread);
		if (event->thread_count < EVENTS_MOST_THREADS)
			event->threads[event->thread_count++] = thread;
	}
}

/* How many bytes stdio still held then. */
static void take_unwritten(const cJSON *object, struct event *event)
{
	int is_forced = strcmp(event->ending, "forced-exit") == 0;

	event->unwritten = -1;
	if (is_forced != cJSON_HasObjectItem(object, "unwritten"))
		fail_msg("\"unwritten\" does not go with \"%s\"", event->ending);
	if (!is_forced)
		return;
	double number = take_number(object, "unwritten");
	event->unwritten = (long)number;
	if (number < 0 || (double)event->unwritten != number)
		fail_msg("%f bytes are unwritten", number);
}

/* How long it has been there: of what has leaked, and of nothing else. */
static void take_age(const cJSON *object, struct event *event)
{
	const cJSON *age = cJSON_GetObjectItemCaseSensitive(object, "age_ms");
	int is_leaked = strcmp(event->ending, "leaked") == 0;

	event->age_ms = -1;
	if (is_leaked != (age != NULL))
		fail_msg("\"age_ms\" does not go with \"%s\"", event->ending);
	if (age && !cJSON_IsNull(age))
		event->age_ms = take_number(object, "age_ms");
}

static void take_deadline(const cJSON *object, struct event *event)
{
	const cJSON *deadline = cJSON_GetObjectItemCaseSensitive(object, "deadline_ms");

	event->deadline_ms =
		cJSON_IsNull(deadline) ? -1 : take_number(object, "deadline_ms");
}

static void take(const cJSON *object, struct event *event)
{
	check_time(object);
	event->pid = (int)take_number(object, "pid");
	take_handle(object, event);
	event->result = (int)take_number(object, "result");
	event->waited_ms = take_number(object, "waited_ms");
	take_deadline(object, event);
	take_string(object, "comm", event->comm, sizeof(event->comm));
	take_string(object, "call", event->call, sizeof(event->call));
	take_string(object, "class", event->class, sizeof(event->class));
	take_string(object, "name", event->name, sizeof(event->name));
	take_string(object, "mount", event->mount, sizeof(event->mount));
	take_string(object, "ending", event->ending, sizeof(event->ending));
	take_string(object, "errno", event->error, sizeof(event->error));
	event->would[0] = '\0';
	if (cJSON_HasObjectItem(object, "would"))
		take_string(object, "would", event->would, sizeof(event->would));
	take_threads(object, event);
	take_unwritten(object, event);
	take_age(object, event);
}

const struct events *events_read(const char *path)
{
	static struct events events;
	char *text = scratch_text(path), *rest = text;

	events.count = 0;
	for (char *end; (end = strchr(rest, '\n')); rest = end + 1) {
		*end = '\0';
		cJSON *object = cJSON_Parse(rest);
		if (!cJSON_IsObject(object))
			fail_msg("no JSON object: %s", rest);
		assert_true(events.count < EVENTS_MOST);
		take(object, &events.list[events.count++]);
		cJSON_Delete(object);
	}
	if (*rest)
		fail_msg("an unfinished line: %s", rest);
	free(text);
	return &events;
}

int events_count(const char *path, const char *ending)
{
	const struct events *events = events_read(path);
	int count = 0;

	for (int i = 0; i < events->count; i++)
		count += strcmp(events->list[i].ending, ending) == 0;
	return count;
}

void events_await(const char *path, const char *ending, int count)
{
	for (int64_t until = bounds_after(PATIENCE_MS);
	     events_count(path, ending) < count;) {
		if (!bounds_nap(until))
			fail_msg("%d events \"%s\", not %d", events_count(path, ending),
				 ending, count);
	}
}

void events_assert_count(const char *path, const char *ending, int count)
{
	events_await(path, ending, count);
	assert_int_equal(events_count(path, ending), count);
}

const struct event *events_only(const char *path, const char *ending)
{
	const struct event *only = NULL;

	events_await(path, ending, 1);
	const struct events *events = events_read(path);

	for (int i = 0; i < events->count; i++) {
		if (strcmp(events->list[i].ending, ending) != 0)
			continue;
		if (only)
			fail_msg("more than one event \"%s\"", ending);
		only = &events->list[i];
	}
	return only;
}
