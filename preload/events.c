/* SPDX-License-Identifier: MIT */
/*
 * events.c - one line for people, one for programs. Floor 1.
 *
 * Lines are put together in memory of this file: the caller may be a signal handler
 * on a small stack, and mmap may be what is stuck in this process.
 */
#include "events.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <time.h>

#include "clerk.h"
#include "clock.h"
#include "layout.h"
#include "pool.h"
#include "raw.h"
#include "say.h"
#include "text.h"
#include "wording.h"

#define PATH_BYTES 4096
#define SHEETS	   8
#define LINE_BYTES 8192 /* a path of 256 bytes, each escaped, three times over */

static CF_TABLE char given[PATH_BYTES];	   /* CURFEW_EVENTS, absolute, with its %p */
static CF_TABLE char file[PATH_BYTES];	   /* the events file of this process      */
static CF_TABLE char run_file[PATH_BYTES]; /* CURFEW_RUN */
static bool has_file, has_run_file;
static char comm[16]; /* as the kernel cuts it */
static _Atomic bool is_file_off, is_run_off;
static _Atomic bool is_file_quick, is_run_quick;
static _Atomic bool has_complained;

static CF_TABLE struct sheet {
	_Atomic bool is_taken;
	char bytes[LINE_BYTES];
} sheets[SHEETS];

static const char *name_of(enum cf_event_ending ending)
{
	static const char *const names[] = {
		[CF_EVENT_FINISHED] = "finished",
		[CF_EVENT_EXPIRED] = "expired",
		[CF_EVENT_PARKED] = "parked",
		[CF_EVENT_COMPLETED] = "completed",
		[CF_EVENT_DOUBLE] = "double",
		[CF_EVENT_STUCK] = "stuck",
		[CF_EVENT_LOADED] = "loaded",
		[CF_EVENT_LEAKED] = "leaked",
		[CF_EVENT_FORCED_EXIT] = "forced-exit",
	};

	return names[ending];
}

static void complain(const char *what, const char *path, int error)
{
	char bytes[512];
	struct cf_text line;

	if (atomic_exchange(&has_complained, true))
		return;
	cf_say_line(&line, bytes, sizeof(bytes));
	cf_text_add(&line, "events off: cannot ");
	cf_text_add(&line, what);
	cf_text_add(&line, " ");
	cf_text_add_printable(&line, path);
	cf_text_add(&line, ": ");
	cf_text_add_errno(&line, error);
	cf_text_add(&line, "; deadlines still apply");
	cf_say(&line);
}

/* `given` with each %p replaced by the pid. */
static void expand(void)
{
	struct cf_text text;

	cf_text_begin(&text, file, sizeof(file));
	for (const char *at = given; *at; at++) {
		if (at[0] == '%' && at[1] == 'p') {
			cf_text_add_number(&text, cf_raw_call3(SYS_getpid, 0, 0, 0));
			at++;
		} else {
			cf_text_add_bytes(&text, at, 1);
		}
	}
}

/* Make `path` absolute now: the program may change its directory. */
static bool make_absolute(char *to, size_t room, const char *path)
{
	struct cf_text text;
	long length = 0;

	if (path[0] != '/') {
		length = cf_raw_call3(SYS_getcwd, (long)to, (long)room, 0);
		if (length < 0)
			return false;
		length--; /* its NUL */
	}
	cf_text_begin(&text, to + length, room - (size_t)length);
	if (length > 0)
		cf_text_add(&text, "/");
	cf_text_add(&text, path);
	return !text.full;
}

/* The last part of the path that was executed, which the kernel has left in memory. */
static void name_process(void)
{
	const char *path = (const char *)getauxval(AT_EXECFN), *name = path;
	struct cf_text text;

	for (; path && *path; path++) {
		if (*path == '/')
			name = path + 1;
	}
	cf_text_begin(&text, comm, sizeof(comm));
	for (; name && *name && !text.full; name++)
		cf_text_add_bytes(&text, name, 1);
}

void cf_events_begin(const char *events, const char *run)
{
	struct cf_text text;

	name_process();
	has_run_file = run != NULL;
	if (run) {
		cf_text_begin(&text, run_file, sizeof(run_file));
		cf_text_add(&text, run);
	}
	if (!events)
		return;
	if (!make_absolute(given, sizeof(given), events)) {
		complain("name", events, ENAMETOOLONG);
		return;
	}
	has_file = true;
	expand();
}

void cf_events_after_fork(void)
{
	for (int i = 0; i < SHEETS; i++)
		atomic_store(&sheets[i].is_taken, false);
	if (has_file)
		expand();
}

/* False when a clerk is late and keeps the line; then the file gets no more. */
static bool append(char *path, bool is_made, const struct cf_text *line)
{
	long result = cf_clerk_append(path, is_made, line->bytes, line->length,
				      path == file ? &is_file_quick : &is_run_quick);

	if (result < 0 && is_made)
		complain("write to", path, (int)-result);
	if (result != -ETIME)
		return true;
	*(path == file ? &is_file_off : &is_run_off) = true;
	return false;
}

static void add_now(struct cf_text *text)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	cf_text_add(text, "{\"time\":\"");
	cf_text_add_time(text, now.tv_sec, now.tv_nsec);
}

static void add_process(struct cf_text *text)
{
	cf_text_add(text, "\",\"pid\":");
	cf_text_add_number(text, cf_raw_call3(SYS_getpid, 0, 0, 0));
	cf_text_add(text, ",\"comm\":\"");
	cf_text_add_json(text, comm);
}

static void add_string(struct cf_text *text, const char *key, const char *value)
{
	cf_text_add(text, "\",\"");
	cf_text_add(text, key);
	cf_text_add(text, "\":\"");
	cf_text_add_json(text, value);
}

/* An fd is a number, an address a string. */
static void add_handle(struct cf_text *text, const struct cf_event *event)
{
	if (!event->is_address) {
		cf_text_add_number(text, event->handle);
		return;
	}
	cf_text_add(text, "\"");
	cf_text_add_address(text, event->address);
	cf_text_add(text, "\"");
}

static void add_length(struct cf_text *text, int64_t length_ns)
{
	if (length_ns == CF_NEVER)
		cf_text_add(text, "null");
	else
		cf_text_add_number(text, length_ns / CF_MS);
}

/* From pid to the colon of waited_ms. */
static void add_middle(struct cf_text *text, const struct cf_event *event,
		       const char *ending)
{
	add_process(text);
	add_string(text, "call", event->call);
	add_string(text, "class", event->class);
	cf_text_add(text, "\",\"handle\":");
	add_handle(text, event);
	cf_text_add(text, ",\"name\":\"");
	cf_text_add_json(text, event->name);
	add_string(text, "mount", event->mount);
	add_string(text, "ending", ending);
	cf_text_add(text, "\",\"deadline_ms\":");
	add_length(text, event->deadline_ns);
	cf_text_add(text, ",\"waited_ms\":");
}

static void add_end(struct cf_text *text, const struct cf_event *event)
{
	cf_text_add_number(text, (event->waited_ns + CF_MS / 2) / CF_MS);
	cf_text_add(text, ",\"result\":");
	cf_text_add_number(text, event->result < 0 ? -1 : event->result);
	cf_text_add(text, ",\"errno\":\"");
	if (event->result < 0)
		cf_text_add_errno(text, (int)-event->result);
	if (event->is_observed)
		add_string(text, "would", name_of(event->ending));
	cf_text_add(text, "\"");
	if (event->ending == CF_EVENT_LEAKED) {
		cf_text_add(text, ",\"age_ms\":");
		add_length(text, event->age_ns);
	}
	if (event->threads) {
		cf_text_add(text, ",\"unwritten\":");
		cf_text_add_number(text, (int64_t)event->unwritten);
		cf_text_add(text, ",\"threads\":");
		cf_text_add(text, event->threads);
	}
	cf_text_add(text, "}\n");
}

static bool goes_to_run_file(const struct cf_event *event)
{
	return has_run_file && !is_run_off && event->ending != CF_EVENT_FINISHED &&
	       event->ending != CF_EVENT_LEAKED;
}

static bool goes_to_file(const struct cf_event *event)
{
	return has_file && !is_file_off && event->ending != CF_EVENT_LOADED;
}

static bool is_for_people(const struct cf_event *event)
{
	return event->ending != CF_EVENT_FINISHED && event->ending != CF_EVENT_LOADED &&
	       event->ending != CF_EVENT_LEAKED && !event->is_minor;
}

/* False when the line is kept. */
static bool write_files(const struct cf_event *event, char *bytes)
{
	bool is_free = true;
	struct cf_text text;
	bool to_run = goes_to_run_file(event), to_file = goes_to_file(event);

	if (!to_run && !to_file)
		return true;
	cf_text_begin(&text, bytes, LINE_BYTES);
	add_now(&text);
	if (event->ending == CF_EVENT_LOADED) {
		add_process(&text);
		add_string(&text, "ending", "loaded");
		cf_text_add(&text, "\"}\n");
	} else {
		add_middle(
			&text, event,
			name_of(event->is_observed ? CF_EVENT_FINISHED : event->ending));
		add_end(&text, event);
	}
	if (text.full)
		return true;
	if (to_run)
		is_free = append(run_file, false, &text);
	if (to_file)
		is_free = append(file, true, &text) && is_free;
	return is_free;
}

static void say(const struct cf_event *event, char *bytes)
{
	struct cf_text line;

	if (!is_for_people(event))
		return;
	cf_say_line(&line, bytes, 1024);
	cf_wording_add(&line, event);
	cf_say(&line);
}

static struct sheet *take_sheet(void)
{
	for (int i = 0; i < SHEETS; i++) {
		if (!atomic_exchange(&sheets[i].is_taken, true))
			return &sheets[i];
	}
	return cf_pool_pages(sizeof(struct sheet));
}

static void give_back(struct sheet *sheet)
{
	if (sheet >= sheets && sheet < sheets + SHEETS)
		atomic_store(&sheet->is_taken, false);
	else
		cf_raw_call3(SYS_munmap, (long)sheet, sizeof(*sheet), 0);
}

void cf_events_report(const struct cf_event *event)
{
	struct sheet *sheet;

	if (!is_for_people(event) && !goes_to_run_file(event) && !goes_to_file(event))
		return;
	sheet = take_sheet();
	if (!sheet)
		return;
	say(event, sheet->bytes);
	if (write_files(event, sheet->bytes))
		give_back(sheet);
}

void cf_events_prepare_late(const struct cf_event *event, struct cf_late *late)
{
	struct cf_text text;

	late->path = NULL;
	if (!has_file)
		return;
	cf_text_begin(&text, late->body, sizeof(late->body));
	add_middle(&text, event, "late");
	if (text.full)
		return;
	late->path = file;
}
