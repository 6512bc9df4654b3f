/* SPDX-License-Identifier: MIT */
/*
 * run_record.c - one event a line. Whoever can write to the file may have written
 * anything: a line is an event only if it reads as one.
 */
#include "run_record.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refuse.h"

#define LINE_BYTES  65536 /* more than any event */
#define LOOK_MS	    5
#define FORCED_EXIT "forced-exit"

/* Where stderr is closed, the next file must not take its place. */
static FILE *make_above_stdio(char *path)
{
	int low = mkostemp(path, O_CLOEXEC);
	int fd = low == -1 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (low != -1)
		close(low);
	return fd == -1 ? NULL : fdopen(fd, "r");
}

bool run_record_begin(struct run_record *record)
{
	const char *directory = getenv("TMPDIR");

	if (!directory || directory[0] != '/')
		directory = "/tmp";
	int length = snprintf(record->path, sizeof(record->path), "%s/curfew-XXXXXX",
			      directory);
	errno = ENAMETOOLONG;
	record->file = length < (int)sizeof(record->path) ? make_above_stdio(record->path)
							  : NULL;
	if (!record->file) {
		refuse("curfew run: cannot make a file in %s: %s; set TMPDIR to a place "
		       "that can "
		       "be written",
		       directory, strerror(errno));
		return false;
	}
	if (setenv("CURFEW_RUN", record->path, 1) == 0)
		return true;
	refuse("curfew run: cannot set CURFEW_RUN: %s", strerror(errno));
	unlink(record->path);
	return false;
}

static const char *string_of(const cJSON *event, const char *key)
{
	const char *string =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, key));

	return string ? string : "";
}

/* A close or munmap that was left to the background or put off, a cleanup of libcurl's whose
   waits were ended, or a process that was. */
static bool is_cut(const char *ending)
{
	return strcmp(ending, "expired") == 0 || strcmp(ending, "parked") == 0 ||
	       strcmp(ending, "completed") == 0 || strcmp(ending, "forced-exit") == 0;
}

static bool is_of(const cJSON *event, pid_t program)
{
	const cJSON *pid = cJSON_GetObjectItemCaseSensitive(event, "pid");

	return cJSON_IsNumber(pid) && pid->valuedouble == program;
}

static void weigh_event(struct run_findings *findings, const cJSON *event, pid_t program)
{
	const char *ending = string_of(event, "ending");

	if (strcmp(ending, "loaded") == 0) {
		findings->loads++;
		findings->loaded |= is_of(event, program);
	}
	findings->cut += is_cut(ending);
	findings->would += is_cut(string_of(event, "would"));
}

static struct run_findings read_all(FILE *file, pid_t program)
{
	static char line[LINE_BYTES];
	struct run_findings findings = { 0 };

	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		cJSON *event = cJSON_Parse(line);

		weigh_event(&findings, event, program);
		cJSON_Delete(event);
	}
	return findings;
}

/* The next whole line: one that is still being written is left for the next time. */
static bool next_line(FILE *file, char *line, int bytes)
{
	long start = ftell(file);

	clearerr(file);
	if (!fgets(line, bytes, file))
		return false;
	if (strchr(line, '\n') || strlen(line) + 1 == (size_t)bytes)
		return true;
	fseek(file, start, SEEK_SET);
	return false;
}

bool run_record_tells_end(struct run_record *record, pid_t program)
{
	static char line[LINE_BYTES];
	bool tells = false;

	while (!tells && next_line(record->file, line, sizeof(line))) {
		/* Of ten thousand lines most are others. */
		if (!strstr(line, FORCED_EXIT))
			continue;
		cJSON *event = cJSON_Parse(line);

		tells = is_of(event, program) &&
			strcmp(string_of(event, "ending"), FORCED_EXIT) == 0;
		cJSON_Delete(event);
	}
	return tells;
}

struct run_findings run_record_end(const struct run_record *record, pid_t program,
				   int patience_ms)
{
	/* Not by name: the program may have put another thing there. */
	struct run_findings findings = read_all(record->file, program);

	for (; !findings.loaded && patience_ms > 0; patience_ms -= LOOK_MS) {
		poll(NULL, 0, LOOK_MS);
		findings = read_all(record->file, program);
	}
	fclose(record->file);
	unlink(record->path);
	return findings;
}
