/* SPDX-License-Identifier: MIT */
/*
 * run_environment.c - options to variables, each value checked before anything runs.
 *
 * The environment of the command is the program's: nothing else in it is touched.
 */
#include "run_environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "install_paths.h"
#include "refuse.h"
#include "run_policy.h"
#include "run_preload.h"

static bool deny(const char *subject, const char *object, int error)
{
	refuse("curfew run: %s %s: %s", subject, object, strerror(error));
	return false;
}

static bool set(const char *variable, const char *value)
{
	return setenv(variable, value, 1) == 0 || deny("cannot set", variable, errno);
}

/* Can the library append events to this file? A name with a pid in it is not known
   yet: the directory has to do. A pipe may wait for its reader. */
static bool can_append(const char *path)
{
	char directory[PATH_MAX];

	if (strstr(path, "%p")) {
		snprintf(directory, sizeof(directory), "%s", path);
		strrchr(directory, '/')[1] = '\0';
		return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0;
	}
	int fd = open(path,
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		      0600);
	if (fd == -1)
		return errno == ENXIO;
	close(fd);
	return true;
}

/* The program may change its directory: the path is made absolute. */
static bool set_events(const char *events)
{
	char directory[PATH_MAX] = "";
	char path[PATH_MAX];

	if (events[0] == '\0')
		return deny("cannot write events to", "''", ENOENT);
	if (events[0] != '/' && !getcwd(directory, sizeof(directory)))
		return deny("cannot write events to", events, errno);
	int length = snprintf(path, sizeof(path), "%s%s%s", directory,
			      directory[0] ? "/" : "", events);
	if (length >= (int)sizeof(path))
		return deny("cannot write events to", events, ENAMETOOLONG);
	if (!can_append(path))
		return deny("cannot write events to", events, errno);
	return set("CURFEW_EVENTS", path);
}

static bool set_options(const struct run_options *options)
{
	char variable[64];

	for (int class = 0; class < CF_CLASSES; class ++) {
		if (!options->deadline[class])
			continue;
		run_policy_variable(variable, sizeof(variable), (enum cf_class) class);
		if (!set(variable, options->deadline[class]))
			return false;
	}
	if (options->observe && !set("CURFEW", "observe"))
		return false;
	if (options->quiet && !set("CURFEW_QUIET", "1"))
		return false;
	return !options->events || set_events(options->events);
}

/* Values that the user had set before, and that the library could not read. */
static bool check_values(bool *off)
{
	const struct cf_option *option;
	struct cf_policy policy;

	cf_policy_defaults(&policy);
	for (size_t i = 0; (option = cf_policy_option(i)) != NULL; i++) {
		const char *value = getenv(option->variable);

		if (value && !cf_policy_set(&policy, option->variable, value)) {
			refuse("curfew run: %s=%s in the environment: '%s' is not %s",
			       option->variable, value, value, option->takes);
			return false;
		}
	}
	*off = policy.mode == CF_MODE_OFF;
	return true;
}

static bool set_preload(void)
{
	char library[PATH_MAX];
	const char *given = getenv("LD_PRELOAD");

	if (!install_path(library, sizeof(library), CURFEW_LIBRARY))
		return deny("cannot find", "the library from /proc/self/exe", errno);
	if (!run_preload_can_name(library)) {
		refuse("curfew run: LD_PRELOAD cannot name %s: install curfew in a path "
		       "without "
		       "spaces and colons",
		       library);
		return false;
	}
	if (access(library, R_OK) == -1)
		return deny("cannot load", library, errno);
	size_t bytes = sizeof(library) + (given ? strlen(given) : 0) + 2;
	char *list = malloc(bytes);
	if (!list)
		return deny("cannot set", "LD_PRELOAD", errno);
	bool done =
		run_preload_list(list, bytes, given, library) && set("LD_PRELOAD", list);
	free(list);
	return done;
}

bool run_environment_prepare(const struct run_options *options, bool *off)
{
	unsetenv("CURFEW_RUN"); /* that of an outer 'curfew run' */
	return set_options(options) && check_values(off) && set_preload();
}
