/* SPDX-License-Identifier: MIT */
/*
 * main.c - the command `curfew`: find the verb and hand the rest to it.
 *
 * Start reading here. Each verb lives in a file of its own (verbs.h).
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "verbs.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	char *title; /* argv[0] of the verb, for its messages */
	const char *summary;
} verbs[] = {
	{ "run", run_verb, "curfew run",
	  "run a program; its cleanups end at their deadline" },
	{ "demo", demo_verb, "curfew demo", "show real hangs, stock and under curfew" },
};

#define VERBS (sizeof(verbs) / sizeof(*verbs))

const char *argp_program_version = "curfew " CURFEW_VERSION;

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

/* What argp asks for at the end of --help; it frees what it gets. */
static char *list_verbs(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t bytes;

	(void)input;
	if (key != ARGP_KEY_HELP_EXTRA)
		return (char *)text;
	FILE *stream = open_memstream(&list, &bytes);
	if (!stream)
		return NULL;
	fputs("Verbs (each with its own --help):\n", stream);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(stream, "  %-6s %s\n", verbs[i].name, verbs[i].summary);
	fclose(stream);
	return list;
}

static error_t read_word(int key, char *word, struct argp_state *state)
{
	int *first = state->input;

	(void)word;
	switch (key) {
	case ARGP_KEY_INIT:
		state->err_stream = NULL; /* one line for each mistake: no hints below */
		return 0;
	case ARGP_KEY_ARG:
		*first = state->next - 1;
		state->next = state->argc;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = read_word,
		.args_doc = "VERB [ARGUMENT...]",
		.doc = "Give every cleanup in an unmodified program a deadline.",
		.help_filter = list_verbs,
	};
	int first = 0;

	argp_err_exit_status = EXIT_OWN_FAILURE;
	if (argc == 0)
		return refuse("curfew: started without a name");
	argv[0] = "curfew";
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &first) != 0)
		return EXIT_OWN_FAILURE;
	if (first == 0)
		return refuse("curfew: no verb given: say 'curfew run COMMAND...' or "
			      "'curfew demo'; 'curfew --help' tells more");
	const struct verb *verb = find_verb(argv[first]);
	if (!verb)
		return refuse("curfew: there is no verb '%s': to run a program say "
			      "'curfew run %s'; 'curfew --help' lists the verbs",
			      argv[first], argv[first]);
	argv[first] = verb->title;
	return verb->run(argc - first, argv + first);
}
