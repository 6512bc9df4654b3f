/* SPDX-License-Identifier: MIT */
/*
 * mountinfo.c - one pass over /proc/self/mountinfo, one more per overlay layer. Floor 0.
 */
#include "mountinfo.h"

#include "clerk.h"
#include "pool.h"
#include "raw.h"

#define MOST_BYTES   ((size_t)4 * 1024 * 1024) /* touched only as far as it is filled */
#define OPTION_BYTES ((size_t)64 * 1024)
#define DEEPEST	     4 /* overlays upon overlays */

struct reader {
	char *text, *at;
};

static enum cf_mount_answer begin(struct reader *reader)
{
	reader->text = reader->at = cf_pool_pages(MOST_BYTES);
	if (!reader->text)
		return CF_MOUNT_UNREADABLE;
	if (cf_clerk_read("/proc/thread-self/mountinfo", reader->text, MOST_BYTES - 1) >
	    0)
		return CF_MOUNT_NOT_LISTED; /* so far */
	return CF_MOUNT_UNREADABLE;
}

static void end(struct reader *reader)
{
	if (reader->text)
		cf_raw_call3(SYS_munmap, (long)reader->text, MOST_BYTES, 0);
}

/* The next line without its newline; NULL at the end. */
static char *next_line(struct reader *reader)
{
	char *line = reader->at;

	if (!*line)
		return NULL;
	while (*reader->at && *reader->at != '\n')
		reader->at++;
	if (*reader->at)
		*reader->at++ = '\0';
	return line;
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

	if (begin(&reader) != CF_MOUNT_UNREADABLE) {
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

/* The mount that is wanted; its options, unescaped, go to `options[OPTION_BYTES]`. */
static enum cf_mount_answer find_line(const struct cf_mount_wanted *wanted,
				      struct cf_mount_line *mount, char *options)
{
	struct reader reader;
	struct cf_mount_line line;
	char *text, *escaped;
	bool is_exact = false;
	enum cf_mount_answer answer = begin(&reader);

	while (answer != CF_MOUNT_UNREADABLE && !is_exact &&
	       (text = next_line(&reader))) {
		if (!cf_mountinfo_parse(text, &line, &escaped))
			continue;
		is_exact = line.id == wanted->id;
		bool is_sibling = answer == CF_MOUNT_NOT_LISTED &&
				  line.major == wanted->major &&
				  line.minor == wanted->minor;
		if (!is_exact && !is_sibling)
			continue;
		*mount = line;
		unescape(options, OPTION_BYTES, escaped);
		answer = CF_MOUNT_FOUND;
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
	char *options = cf_pool_pages(OPTION_BYTES);

	if (!options)
		return CF_MOUNT_UNREADABLE;
	enum cf_mount_answer answer = find_line(wanted, mount, options);
	if (answer == CF_MOUNT_FOUND && is_overlay(mount->type) && depth < DEEPEST)
		see_through(wanted, mount, options, depth);
	cf_raw_call3(SYS_munmap, (long)options, OPTION_BYTES, 0);
	return answer;
}

enum cf_mount_answer cf_mountinfo_find(const struct cf_mount_wanted *wanted,
				       struct cf_mount_line *mount)
{
	return find(wanted, mount, 0);
}

void cf_mountinfo_each(void (*each)(const struct cf_mount_line *mount))
{
	struct reader reader;
	struct cf_mount_line line;
	char *text, *options;

	if (begin(&reader) != CF_MOUNT_UNREADABLE) {
		while ((text = next_line(&reader))) {
			if (cf_mountinfo_parse(text, &line, &options))
				each(&line);
		}
	}
	end(&reader);
}
