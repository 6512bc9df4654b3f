/* SPDX-License-Identifier: MIT */
/*
 * run_options.c - argp for `curfew run`. Nothing is done here, only read and checked.
 */
#include "run_options.h"

#include <argp.h>
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "refuse.h"
#include "run_policy.h"
#include "text.h"

#define OBSERVE	   256 /* keys of options without a letter */
#define STRICT	   257
#define KILL_AFTER 258

static const struct argp_option table[] = {
	{ "deadline", 't', "CLASS=DUR", 0,
	  "Deadline of a class (file, write, socket, mmap, curl, other, exit): 250ms, "
	  "1.5s, 2m, 0 or off",
	  0 },
	{ "kill-after", KILL_AFTER, "DUR", 0,
	  "Send SIGKILL if the program is still there so long after its first SIGTERM, "
	  "SIGINT or SIGHUP, and end with 137",
	  0 },
	{ "observe", OBSERVE, NULL, 0, "Cut nothing; report what would have been cut",
	  0 },
	{ "strict", STRICT, NULL, 0,
	  "End with 124 if a cleanup was cut and the program gave 0", 0 },
	{ "events", 'e', "FILE", 0, "Append events as JSON Lines; %p in it is the pid",
	  0 },
	{ "quiet", 'q', NULL, 0, "Say nothing on stderr when a cleanup is cut", 0 },
	{ "verbose", 'v', NULL, 0, "Sum up on stderr at the end", 0 },
	{ 0 },
};

static error_t read_deadline(struct run_options *options, const char *word)
{
	const char *equals = strchr(word, '=');
	char classes[64];
	enum cf_class class;
	int64_t length_ns;

	if (!equals) {
		refuse("curfew run: -t %s: say CLASS=DURATION, such as -t write=2s",
		       word);
		return EINVAL;
	}
	if (!run_policy_class(word, (size_t)(equals - word), &class)) {
		refuse("curfew run: -t %s: there is no class '%.*s'; the classes are %s",
		       word, (int)(equals - word), word,
		       run_policy_classes(classes, sizeof(classes)));
		return EINVAL;
	}
	if (!cf_text_duration(equals + 1, &length_ns)) {
		char variable[64];

		run_policy_variable(variable, sizeof(variable), class);
		refuse("curfew run: -t %s: '%s' is not %s", word, equals + 1,
		       run_policy_takes(variable));
		return EINVAL;
	}
	options->deadline[class] = equals + 1;
	return 0;
}

static error_t read_kill_after(struct run_options *options, const char *word)
{
	if (cf_text_duration(word, &options->kill_after_ns))
		return 0;
	refuse("curfew run: --kill-after %s: '%s' is not %s", word, word,
	       run_policy_takes("CURFEW_DEADLINE_OTHER"));
	return EINVAL;
}

static error_t check_whole(const struct run_options *options)
{
	if (options->quiet && options->verbose)
		refuse("curfew run: -q and -v contradict each other: leave one out");
	else if (!options->command)
		refuse("curfew run: no program given: say 'curfew run COMMAND "
		       "[ARGUMENT...]'");
	else
		return 0;
	return EINVAL;
}

static error_t read_option(int key, char *word, struct argp_state *state)
{
	struct run_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->err_stream = NULL; /* one line for each mistake: no hints below */
		return 0;
	case 't':
		return read_deadline(options, word);
	case KILL_AFTER:
		return read_kill_after(options, word);
	case OBSERVE:
		options->observe = true;
		return 0;
	case STRICT:
		options->strict = true;
		return 0;
	case 'e':
		options->events = word;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		options->command = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		return check_whole(options);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

bool run_options_read(struct run_options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = table,
		.parser = read_option,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = "Run a program; its cleanups end at their deadline."
		       "\vOptions end at COMMAND. The status is the program's own; 125 "
		       "if curfew "
		       "itself failed, 126 if the program cannot be executed, 127 if "
		       "there is none, 137 after SIGKILL by --kill-after. See "
		       "curfew(1).",
	};

	*options = (struct run_options){ .kill_after_ns = CF_NEVER };
	return argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, options) == 0;
}
