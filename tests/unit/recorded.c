/* SPDX-License-Identifier: MIT */
/*
 * recorded.c - what was written to an events file.
 */
#include "recorded.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define PATIENCE_MS 5000

struct wanted {
	const char *path;
	int lines;
};

static char bytes[1 << 20];

static bool is_there(void *argument)
{
	const struct wanted *wanted = argument;
	int fd = open(wanted->path, O_RDONLY | O_CLOEXEC), lines = 0;
	ssize_t length = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes) - 1);

	if (fd >= 0)
		close(fd);
	bytes[length > 0 ? length : 0] = '\0';
	for (const char *at = bytes; (at = strchr(at, '\n')); at++)
		lines++;
	return lines >= wanted->lines;
}

const char *recorded_lines(const char *path, int lines)
{
	struct wanted wanted = { path, lines };

	if (!unit_await(is_there, &wanted, PATIENCE_MS))
		fail_msg("not %d lines: %s", lines, bytes);
	return bytes;
}

cJSON *recorded_event(const char *path)
{
	const char *line = recorded_lines(path, 1), *end = NULL;
	cJSON *event = cJSON_ParseWithOpts(line, &end, false);

	if (!event || strcmp(end, "\n") != 0)
		fail_msg("not one line of JSON: %s", line);
	return event;
}

const char *recorded_string(const cJSON *event, const char *key)
{
	const char *string = cJSON_GetStringValue(cJSON_GetObjectItem(event, key));

	assert_non_null(string);
	return string;
}

int recorded_number(const cJSON *event, const char *key)
{
	assert_true(cJSON_IsNumber(cJSON_GetObjectItem(event, key)));
	return cJSON_GetObjectItem(event, key)->valueint;
}
