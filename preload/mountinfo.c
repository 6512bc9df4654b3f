/* SPDX-License-Identifier: MIT */
/*
 * mountinfo.c - one pass over /proc/self/mountinfo, one more per overlay layer. Floor 0.
 */
#include "mountinfo.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "pool.h"
#include "raw.h"

#define BUFFER	((size_t)64 * 1024) /* a line is at most a page per field */
#define DEEPEST 4		    /* overlays upon overlays */

struct reader {
	int fd;
	char *buffer;
	size_t filled, at;
	bool failed; /* something could not be read: what was not found may be there */
};

static bool begin(struct reader *reader)
{
	*reader = (struct reader){ .fd = -1, .buffer = cf_pool_pages(BUFFER) };
	if (!reader->buffer)
		return false;
	reader->fd = (int)cf_raw_call(SYS_openat, AT_FDCWD, (long)"/proc/self/mountinfo",
				      O_RDONLY | O_CLOEXEC, 0, 0, 0);
	return reader->fd >= 0;
}

static void end(struct reader *reader)
{
	if (reader->fd >= 0)
		cf_raw_call3(SYS_close, reader->fd, 0, 0);
	if (reader->buffer)
		cf_raw_call3(SYS_munmap, (long)reader->buffer, BUFFER, 0);
}

static char *find_char(char *from, const char *end, char wanted)
{
	while (from < end && *from != wanted)
		from++;
	return from < end ? from : NULL;
}

/* The next line without its newline; NULL at the end. A line that is longer than
   the buffer is cut into pieces, which do not parse. */
static char *next_line(struct reader *reader)
{
	for (;;) {
		char *start = reader->buffer + reader->at;
		char *newline = find_char(start, reader->buffer + reader->filled, '\n');

		if (newline) {
			*newline = '\0';
			reader->at = (size_t)(newline - reader->buffer) + 1;
			return start;
		}
		size_t rest = reader->filled - reader->at;
		for (size_t i = 0; i < rest; i++)
			reader->buffer[i] = start[i];
		reader->at = 0;
		reader->filled = rest == BUFFER ? 0 : rest;
		long got = cf_raw_call3(SYS_read, reader->fd,
					(long)(reader->buffer + reader->filled),
					(long)(BUFFER - reader->filled));
		if (got <= 0) {
			reader->failed = got < 0;
			return NULL;
		}
		reader->filled += (size_t)got;
	}
}

/* Cut the next field off at a space; NULL when there is none. */
static char *take_field(char **at)
{
	char *field = *at;

	if (!field || !*field)
		return NULL;
	for (char *c = field; *c; c++) {
		if (*c == ' ') {
			*c = '\0';
			*at = c + 1;
			return field;
		}
	}
	*at = NULL;
	return field;
}

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' &&
	       s[2] <= '7';
}

/* Copy a field with its \040 escapes undone. */
static void unescape(char *to, size_t room, const char *from)
{
	size_t length = 0;

	while (*from && length + 1 < room) {
		if (from[0] == '\\' && is_octal(from + 1)) {
			to[length++] = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 +
					      (from[3] - '0'));
			from += 4;
		} else {
			to[length++] = *from++;
		}
	}
	to[length] = '\0';
}

static bool parse_number(const char *string, uint64_t *number)
{
	*number = 0;
	for (const char *at = string; *at; at++) {
		if (*at < '0' || *at > '9')
			return false;
		*number = *number * 10 + (uint64_t)(*at - '0');
	}
	return string[0] != '\0';
}

/* "8:1" */
static bool parse_device(char *field, struct cf_mount_line *mount)
{
	char *colon = field;
	uint64_t major, minor;

	while (*colon && *colon != ':')
		colon++;
	if (!*colon)
		return false;
	*colon = '\0';
	if (!parse_number(field, &major) || !parse_number(colon + 1, &minor))
		return false;
	mount->major = (uint32_t)major;
	mount->minor = (uint32_t)minor;
	return true;
}

bool cf_mountinfo_parse(char *line, struct cf_mount_line *mount, char **options)
{
	char *at = line, *field = take_field(&at), *point = NULL, *device = NULL;

	if (!field || !parse_number(field, &mount->id))
		return false;
	for (int i = 0; i < 5; i++) { /* parent, device, root, point, options */
		field = take_field(&at);
		if (i == 1)
			device = field;
		if (i == 3)
			point = field;
	}
	do { /* optional fields end with a lone hyphen */
		field = take_field(&at);
	} while (field && !(field[0] == '-' && field[1] == '\0'));
	char *type = take_field(&at);
	if (!point || !type || !take_field(&at) || !at || !parse_device(device, mount))
		return false;
	unescape(mount->type, sizeof(mount->type), type);
	unescape(mount->point, sizeof(mount->point), point);
	*options = at;
	return true;
}

/* The length of `point` when `path` lies below it, else 0. */
static size_t covers(const char *point, const char *path)
{
	size_t length = 0;

	while (point[length] && point[length] == path[length])
		length++;
	if (point[length])
		return 0;
	bool whole = path[length] == '\0' || path[length] == '/' || length == 1;
	return whole ? length : 0;
}

/* The mount that holds `path`: the longest mount point above it, the latest of equals. */
static bool find_path(const char *path, struct cf_mount_line *mount)
{
	struct reader reader;
	struct cf_mount_line line;
	size_t longest = 0;
	char *text, *options;

	if (begin(&reader)) {
		while ((text = next_line(&reader))) {
			size_t length = 0;

			if (cf_mountinfo_parse(text, &line, &options))
				length = covers(line.point, path);
			if (length == 0 || length < longest)
				continue;
			longest = length;
			*mount = line;
		}
	}
	end(&reader);
	return longest > 0;
}

/* The mount that is wanted; its options, unescaped, go to `options[BUFFER]`. */
static enum cf_mount_answer find_line(const struct cf_mount_wanted *wanted,
				      struct cf_mount_line *mount, char *options)
{
	struct reader reader;
	struct cf_mount_line line;
	bool is_exact = false;
	enum cf_mount_answer answer = CF_MOUNT_UNREADABLE;
	char *text, *escaped;

	if (begin(&reader)) {
		answer = CF_MOUNT_NOT_LISTED;
		while (!is_exact && (text = next_line(&reader))) {
			if (!cf_mountinfo_parse(text, &line, &escaped))
				continue;
			is_exact = line.id == wanted->id;
			bool is_sibling = answer == CF_MOUNT_NOT_LISTED &&
					  line.major == wanted->major &&
					  line.minor == wanted->minor;
			if (!is_exact && !is_sibling)
				continue;
			*mount = line;
			unescape(options, BUFFER, escaped);
			answer = CF_MOUNT_FOUND;
		}
		if (answer == CF_MOUNT_NOT_LISTED && reader.failed)
			answer = CF_MOUNT_UNREADABLE;
	}
	end(&reader);
	return answer;
}

/* Cut the next absolute path out of `rw,lowerdir=/a:/b,upperdir=/c`, which is changed. */
static char *next_path(char **at)
{
	while (**at) {
		char *start = *at, *c = start;

		for (; *c && *c != ',' && *c != ':'; c++) {
			if (*c == '=')
				start = c + 1;
		}
		*at = *c ? c + 1 : c;
		*c = '\0';
		if (*start == '/')
			return start;
	}
	return NULL;
}

static bool is_overlay(const char *type)
{
	static const char name[] = "overlay";
	size_t i = 0;

	while (name[i] && name[i] == type[i])
		i++;
	return name[i] == type[i];
}

static enum cf_mount_answer find(const struct cf_mount_wanted *wanted,
				 struct cf_mount_line *mount, int depth);

/* Give an overlay the type of its first layer that is not local. */
static void see_through(const struct cf_mount_wanted *wanted, struct cf_mount_line *mount,
			char *options, int depth)
{
	struct cf_mount_line layer;
	char *path;

	while ((path = next_path(&options))) {
		if (!find_path(path, &layer) || layer.id == mount->id)
			continue;
		struct cf_mount_wanted below = { layer.id, layer.major, layer.minor,
						 wanted->is_local };

		if (is_overlay(layer.type) &&
		    find(&below, &layer, depth + 1) != CF_MOUNT_FOUND)
			continue;
		if (!wanted->is_local(layer.type)) {
			for (size_t i = 0; i < sizeof(mount->type); i++)
				mount->type[i] = layer.type[i];
			return;
		}
	}
}

static enum cf_mount_answer find(const struct cf_mount_wanted *wanted,
				 struct cf_mount_line *mount, int depth)
{
	char *options = cf_pool_pages(BUFFER);

	if (!options)
		return CF_MOUNT_UNREADABLE;
	enum cf_mount_answer answer = find_line(wanted, mount, options);
	if (answer == CF_MOUNT_FOUND && is_overlay(mount->type) && depth < DEEPEST)
		see_through(wanted, mount, options, depth);
	cf_raw_call3(SYS_munmap, (long)options, BUFFER, 0);
	return answer;
}

enum cf_mount_answer cf_mountinfo_find(const struct cf_mount_wanted *wanted,
				       struct cf_mount_line *mount)
{
	return find(wanted, mount, 0);
}
