/* SPDX-License-Identifier: MIT */
/*
 * demo.c - the verb `curfew demo`: real hangs, each first stock, then under curfew.
 *
 * The victims are this same executable, started again, and for libcurl one of its own.
 * Whatever ends the demo ends its children and its namespaces too, and with the server
 * everybody who hangs on it comes free; so there is nothing to clean up in a signal
 * handler.
 */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "demo_child.h"
#include "demo_ftp.h"
#include "demo_hangs.h"
#include "demo_table.h"
#include "demo_victim.h"
#include "install_paths.h"
#include "refuse.h"
#include "run_preload.h"
#include "verbs.h"

#define VICTIM_WORD  "--victim"
#define LIBCURL_NAME "curfew-demo-curl"
#define LIBRARY_SAYS "curfew["
#define SLACK_NS     (1000 * CF_MS) /* a busy machine may be late by that much */

enum verdict {
	KEPT,	  /* bounded, its own status, and the library said what was stuck */
	BROKEN,	  /* one of these is not true */
	NOT_SHOWN /* the machine cannot do it */
};

struct trial {
	const char *absent; /* why it could not be tried; NULL: it was */
	bool ended;	    /* by itself, before it was cut off */
	int64_t took_ns;
	int status;	/* as waitpid() gives it */
	char line[512]; /* that the library wrote, or else the victim */
};

/* Our own files, by their absolute paths. */
struct files {
	char preload[2 * PATH_MAX]; /* the LD_PRELOAD of a victim under curfew */
	char libcurl[PATH_MAX];	    /* the victim with libcurl */
};

static bool start_victim(struct demo_child *child, const struct demo_hang *hang,
			 const struct files *files, char *argument, bool is_bounded)
{
	char *own[] = { "curfew", "demo", VICTIM_WORD, hang->victim, argument, NULL };
	char *libcurl[] = { LIBCURL_NAME, hang->victim, argument, NULL };
	struct demo_launch launch = { .path = hang->uses_libcurl ? files->libcurl
								 : "/proc/self/exe",
				      .arguments = hang->uses_libcurl ? libcurl : own,
				      .library = is_bounded ? files->preload : NULL,
				      .setting = is_bounded ? hang->setting : NULL,
				      .passed = -1 };

	return demo_child_start(child, &launch);
}

static void undo(const struct demo_hang *hang)
{
	if (hang->free)
		hang->free();
}

/* Run the victim once, for at most DEMO_TABLE_SPAN_NS, and free it whatever it does. */
static struct trial try_once(const struct demo_hang *hang, const struct files *files,
			     bool is_bounded)
{
	static char failure[128];
	struct trial trial = { 0 };
	struct demo_child child;
	char argument[128] = "-";

	trial.absent = hang->set ? hang->set(argument, sizeof(argument)) : NULL;
	cf_instant begin = cf_clock_now();
	if (!trial.absent && !start_victim(&child, hang, files, argument, is_bounded)) {
		snprintf(failure, sizeof(failure), "cannot start a process: %s",
			 strerror(errno));
		trial.absent = failure;
	}
	if (trial.absent) {
		undo(hang);
		return trial;
	}
	trial.ended = demo_child_wait(&child, begin + DEMO_TABLE_SPAN_NS);
	trial.took_ns = cf_clock_now() - begin;
	demo_child_line(&child, LIBRARY_SAYS, trial.line, sizeof(trial.line));
	if (!trial.line[0])
		demo_child_line(&child, "", trial.line, sizeof(trial.line));
	undo(hang);
	trial.status = demo_child_end(&child);
	return trial;
}

static bool status_is_kept(const struct trial *trial)
{
	return WIFEXITED(trial->status) &&
	       WEXITSTATUS(trial->status) == DEMO_VICTIM_STATUS;
}

/* Why a stock run shows nothing; NULL when it hung as it should. */
static const char *why_no_hang(const struct trial *stock)
{
	static char why[640];

	if (stock->absent)
		return stock->absent;
	if (!stock->ended)
		return NULL;
	snprintf(why, sizeof(why), "nothing hung on this machine: %s",
		 stock->line[0] ? stock->line : "stock, the program ended by itself");
	return why;
}

static void print_run(const char *label, const char *side, const struct trial *trial,
		      bool good)
{
	char status[32];

	if (!trial->ended)
		snprintf(status, sizeof(status), "cut off");
	else if (WIFSIGNALED(trial->status))
		snprintf(status, sizeof(status), "signal %d", WTERMSIG(trial->status));
	else if (status_is_kept(trial))
		snprintf(status, sizeof(status), "%d kept", DEMO_VICTIM_STATUS);
	else
		snprintf(status, sizeof(status), "%d, not %d", WEXITSTATUS(trial->status),
			 DEMO_VICTIM_STATUS);
	demo_table_run(&(struct demo_table_line){ .label = label,
						  .side = side,
						  .took_ns = trial->took_ns,
						  .cut = !trial->ended,
						  .good = good,
						  .status = status });
}

/* What the library said, without its name; NULL when it said nothing. */
static const char *words_of_library(const struct trial *trial)
{
	const char *words = strstr(trial->line, ": ");

	if (strncmp(trial->line, LIBRARY_SAYS, strlen(LIBRARY_SAYS)) != 0 || !words)
		return NULL;
	return words + 2;
}

/* What the promise lacks; NULL when it was kept. */
static const char *what_broke(const struct demo_hang *hang, const struct trial *trial)
{
	if (!trial->ended || trial->took_ns > hang->bound_ns + SLACK_NS)
		return "PROMISE BROKEN: not bounded by its deadline";
	if (!status_is_kept(trial))
		return "PROMISE BROKEN: the program did not keep its exit status";
	if (!words_of_library(trial))
		return "PROMISE BROKEN: curfew did not say what was stuck";
	return NULL;
}

static enum verdict show(const struct demo_hang *hang, const struct files *files)
{
	struct trial stock = try_once(hang, files, false);
	const char *absent = why_no_hang(&stock);

	if (absent) {
		demo_table_absent(hang->label, absent);
		return NOT_SHOWN;
	}
	print_run(hang->label[0], "stock", &stock, false);
	struct trial bounded = try_once(hang, files, true);
	if (bounded.absent) {
		demo_table_absent(hang->label, bounded.absent);
		return NOT_SHOWN;
	}
	const char *broken = what_broke(hang, &bounded);
	print_run(hang->label[1], "curfew", &bounded, !broken);
	const char *words = words_of_library(&bounded);
	demo_table_text("  ", words ? words : bounded.line);
	if (broken)
		demo_table_text("  ", broken);
	return broken ? BROKEN : KEPT;
}

static int show_all(const struct files *files)
{
	int seen[] = { [KEPT] = 0, [BROKEN] = 0, [NOT_SHOWN] = 0 };
	size_t count;
	const struct demo_hang *hangs = demo_hangs_list(&count);

	demo_table_begin();
	for (size_t i = 0; i < count; i++) {
		seen[show(&hangs[i], files)]++;
		demo_table_gap();
	}
	if (seen[KEPT])
		demo_table_text(
			"",
			"Each program cleans up and ends with status 7. Stock, its "
			"cleanup or its end does not return in time. Under curfew it "
			"does at its deadline, and the program ends as it chose: a close "
			"or munmap is done in the background when it can be, a cleanup "
			"of libcurl's is done but for what it waited for. The close of a "
			"written file that is not yet safe is EIO, never success.");
	if (fflush(stdout) == EOF || ferror(stdout))
		return refuse("curfew demo: cannot write the table: %s", strerror(errno));
	return seen[BROKEN] ? EXIT_FAILURE : EXIT_SUCCESS;
}

static error_t read_word(int key, char *word, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_INIT:
		state->err_stream = NULL; /* one line for each mistake: no hints below */
		return 0;
	case ARGP_KEY_ARG:
		refuse("curfew demo: takes no argument, and was given '%s'", word);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int find_program(char *path, const char *relative)
{
	if (!install_path(path, PATH_MAX, relative))
		return refuse("curfew demo: cannot find its own files: %s",
			      strerror(errno));
	if (access(path, X_OK) == -1)
		return refuse("curfew demo: cannot execute %s: %s", path,
			      strerror(errno));
	return 0;
}

static int find_library(char *preload, size_t bytes)
{
	char library[PATH_MAX];

	if (!install_path(library, sizeof(library), CURFEW_LIBRARY))
		return refuse("curfew demo: cannot find its own files: %s",
			      strerror(errno));
	if (access(library, R_OK) == -1)
		return refuse("curfew demo: cannot read %s: %s", library,
			      strerror(errno));
	if (!run_preload_can_name(library))
		return refuse(
			"curfew demo: LD_PRELOAD cannot name %s: it has a space or a "
			"colon; install curfew somewhere else",
			library);
	if (!run_preload_list(preload, bytes, getenv("LD_PRELOAD"), library))
		return refuse("curfew demo: LD_PRELOAD is too long");
	return 0;
}

/* 0, or the exit status after one line on stderr. */
static int find_files(struct files *files)
{
	char server[PATH_MAX];
	int failed = find_library(files->preload, sizeof(files->preload));

	if (!failed)
		failed = find_program(server, CURFEW_LIBEXEC_DIR "/wedgefs");
	if (!failed)
		failed =
			find_program(files->libcurl, CURFEW_LIBEXEC_DIR "/" LIBCURL_NAME);
	return failed;
}

int demo_verb(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = read_word,
		.doc = "Show real hangs: each program runs stock, cut off after 3 s, and "
		       "then "
		       "under curfew.\vThe hangs are made on a private mount and on "
		       "loopback "
		       "and leave nothing behind. Exit status: 0 when every deadline was "
		       "kept, "
		       "1 when one was not, 125 when the demo itself could not run. A "
		       "row that "
		       "the machine cannot do says why and does not count.",
	};
	static struct files files;

	if (argc > 1 && strcmp(argv[1], VICTIM_WORD) == 0)
		return demo_victim(argc - 2, argv + 2);
	if (argc == 3 && strcmp(argv[1], DEMO_FTP_WORD) == 0)
		return demo_ftp_serve(argv[2]);
	if (argp_parse(&argp, argc, argv, 0, NULL, NULL) != 0)
		return EXIT_OWN_FAILURE;
	int failed = find_files(&files);
	return failed ? failed : show_all(&files);
}
