/* SPDX-License-Identifier: MIT */
#ifndef CF_POLICY_H
#define CF_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * policy.h - what the user asked for: modes, classes, deadlines, answers.
 *
 * Floor 1; linked by the command too. Plain data without state of its own: the
 * caller owns the policy. Nothing here allocates, and errno is left alone.
 */

enum cf_mode {
	CF_MODE_ENFORCE, /* cleanups end at their deadline           */
	CF_MODE_OBSERVE, /* nothing is cut; events say what would be */
	CF_MODE_OFF	 /* the library stands aside                 */
};

enum cf_class {
	CF_CLASS_FILE,	 /* not opened for writing, where a close can hang */
	CF_CLASS_WRITE,	 /* opened for writing there                       */
	CF_CLASS_SOCKET, /* a socket that lingers                          */
	CF_CLASS_MMAP,	 /* a mapping whose munmap can hang                */
	CF_CLASS_CURL,	 /* one outermost cleanup call of libcurl          */
	CF_CLASS_OTHER,	 /* devices and unknown kinds, not written         */
	CF_CLASS_EXIT,	 /* from exit() to gone                            */
	CF_CLASSES
};

struct cf_policy {
	enum cf_mode mode;
	int64_t deadline_ns[CF_CLASSES]; /* CF_NEVER when off */
	bool write_expires_ok; /* an expired close of a written file answers 0, not EIO */
	bool quiet;	       /* no lines on stderr */
	bool leaks;	       /* tell what is never closed */
	bool keeps_deepbind;   /* leave RTLD_DEEPBIND to dlopen() */
	uint64_t end_signals;  /* that begin the end, as a mask: signal 1 is bit 0 */
	const char *events;    /* CURFEW_EVENTS as given, or NULL; not owned */
	const char *run;       /* CURFEW_RUN as given, or NULL; not owned    */
	const char
		*curl_objects; /* CURFEW_CURL_OBJECTS: "name:name", or NULL; not owned */
};

/* One option: the variable that carries it and what it takes, for people. */
struct cf_option {
	const char *variable;
	const char *takes;
};

/* The defaults of every option. */
void cf_policy_defaults(struct cf_policy *policy);

/*
 * Set the option that the environment variable `variable` carries to `value`.
 *
 * ownership  `value` must live as long as the policy: names of files are kept
 *            as pointers.
 * errors     False when the value cannot be read; the policy is then as before,
 *            and cf_policy_option() names what would have been right. False for
 *            a variable that is no option of ours.
 */
bool cf_policy_set(struct cf_policy *policy, const char *variable, const char *value);

/* The option number `index`, in the order of the manual; NULL past the last. */
const struct cf_option *cf_policy_option(size_t index);

/* The name of a class: "file", "write", "socket", "mmap", "curl", "other", "exit". */
const char *cf_policy_class_name(enum cf_class class);

#endif
