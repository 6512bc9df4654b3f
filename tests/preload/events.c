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

static void take(const cJSON *object, struct event *event)
{
	const cJSON *deadline = cJSON_GetObjectItemCaseSensitive(object, "deadline_ms");

	check_time(object);
	event->pid = (int)take_number(object, "pid");
	take_handle(object, event);
	event->result = (int)take_number(object, "result");
	event->waited_ms = take_number(object, "waited_ms");
	event->deadline_ms =
		cJSON_IsNull(deadline) ? -1 : take_number(object, "deadline_ms");
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
