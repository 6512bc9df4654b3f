/* SPDX-License-Identifier: MIT */
/*
 * policy.c - the table of options: one line each, read in one place. Floor 1.
 */
#include "policy.h"

#include <signal.h>
#include <string.h>

#include "clock.h"
#include "text.h"

#define DURATION "a duration such as 250ms, 1.5s, 2m, 0, or off"

typedef bool setter(struct cf_policy *policy, enum cf_class class, const char *value);

static bool set_mode(struct cf_policy *policy, enum cf_class class, const char *value)
{
	static const char *const names[] = { "enforce", "observe", "off" };

	(void)class;
	for (int mode = CF_MODE_ENFORCE; mode <= CF_MODE_OFF; mode++) {
		if (strcmp(value, names[mode]) == 0) {
			policy->mode = (enum cf_mode)mode;
			return true;
		}
	}
	return false;
}

static bool set_deadline(struct cf_policy *policy, enum cf_class class, const char *value)
{
	return cf_text_duration(value, &policy->deadline_ns[class]);
}

static bool set_on_expiry_write(struct cf_policy *policy, enum cf_class class,
				const char *value)
{
	bool ok = strcmp(value, "ok") == 0;

	(void)class;
	if (!ok && strcmp(value, "eio") != 0)
		return false;
	policy->write_expires_ok = ok;
	return true;
}

static bool set_events(struct cf_policy *policy, enum cf_class class, const char *value)
{
	(void)class;
	policy->events = value;
	return value[0] != '\0';
}

static bool set_run(struct cf_policy *policy, enum cf_class class, const char *value)
{
	(void)class;
	policy->run = value;
	return value[0] == '/';
}

static bool set_curl_objects(struct cf_policy *policy, enum cf_class class,
			     const char *value)
{
	(void)class;
	policy->curl_objects = value;
	return value[0] != '\0' && !strchr(value, '/');
}

static bool set_switch(bool *is_on, const char *value)
{
	*is_on = value[0] == '1';
	return strcmp(value, "0") == 0 || strcmp(value, "1") == 0;
}

static bool set_keep_deepbind(struct cf_policy *policy, enum cf_class class,
			      const char *value)
{
	(void)class;
	return set_switch(&policy->keeps_deepbind, value);
}

static bool set_quiet(struct cf_policy *policy, enum cf_class class, const char *value)
{
	(void)class;
	return set_switch(&policy->quiet, value);
}

static bool set_leaks(struct cf_policy *policy, enum cf_class class, const char *value)
{
	(void)class;
	policy->leaks = strcmp(value, "on") == 0;
	return policy->leaks || strcmp(value, "off") == 0;
}

/* The signal of the name that begins here, with or without SIG; 0 for none of ours. */
static int signal_of(const char *name, size_t length)
{
	static const struct {
		const char *name;
		int number;
	} known[] = { { "TERM", SIGTERM }, { "INT", SIGINT },	{ "HUP", SIGHUP },
		      { "QUIT", SIGQUIT }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 } };

	if (length > 3 && strncmp(name, "SIG", 3) == 0) {
		name += 3;
		length -= 3;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strlen(known[i].name) == length &&
		    strncmp(known[i].name, name, length) == 0)
			return known[i].number;
	}
	return 0;
}

static bool set_on_signal(struct cf_policy *policy, enum cf_class class,
			  const char *value)
{
	(void)class;
	policy->end_signals = 0;
	while (*value) {
		size_t length = strcspn(value, ",");
		int number = signal_of(value, length);

		if (number == 0)
			return false;
		policy->end_signals |= (uint64_t)1 << (number - 1);
		value += length + (value[length] == ',');
	}
	return true;
}

static const struct row {
	struct cf_option option;
	setter *set;
	enum cf_class class; /* for set_deadline */
} table[] = {
	{ { "CURFEW", "enforce, observe or off" }, set_mode, 0 },
	{ { "CURFEW_DEADLINE_FILE", DURATION }, set_deadline, CF_CLASS_FILE },
	{ { "CURFEW_DEADLINE_WRITE", DURATION }, set_deadline, CF_CLASS_WRITE },
	{ { "CURFEW_DEADLINE_SOCKET", DURATION }, set_deadline, CF_CLASS_SOCKET },
	{ { "CURFEW_DEADLINE_MMAP", DURATION }, set_deadline, CF_CLASS_MMAP },
	{ { "CURFEW_DEADLINE_CURL", DURATION }, set_deadline, CF_CLASS_CURL },
	{ { "CURFEW_DEADLINE_OTHER", DURATION }, set_deadline, CF_CLASS_OTHER },
	{ { "CURFEW_DEADLINE_EXIT", DURATION }, set_deadline, CF_CLASS_EXIT },
	{ { "CURFEW_ON_EXPIRY_WRITE", "eio or ok" }, set_on_expiry_write, 0 },
	{ { "CURFEW_ON_SIGNAL",
	    "names out of TERM, INT, HUP, QUIT, USR1, USR2, with commas" },
	  set_on_signal,
	  0 },
	{ { "CURFEW_LEAKS", "on or off" }, set_leaks, 0 },
	{ { "CURFEW_EVENTS", "the name of a file" }, set_events, 0 },
	{ { "CURFEW_QUIET", "0 or 1" }, set_quiet, 0 },
	{ { "CURFEW_CURL_OBJECTS",
	    "names of files without their directories, with colons" },
	  set_curl_objects,
	  0 },
	{ { "CURFEW_KEEP_DEEPBIND", "0 or 1" }, set_keep_deepbind, 0 },
	{ { "CURFEW_RUN", "an absolute path; set by 'curfew run'" }, set_run, 0 },
};

void cf_policy_defaults(struct cf_policy *policy)
{
	*policy = (struct cf_policy){
		.mode = CF_MODE_ENFORCE,
		.leaks = true,
		.deadline_ns = {
			[CF_CLASS_FILE] = 300 * CF_MS,
			[CF_CLASS_WRITE] = 5000 * CF_MS,
			[CF_CLASS_SOCKET] = 300 * CF_MS,
			[CF_CLASS_MMAP] = 300 * CF_MS,
			[CF_CLASS_CURL] = 200 * CF_MS,
			[CF_CLASS_OTHER] = 100 * CF_MS,
			[CF_CLASS_EXIT] = 30000 * CF_MS,
		},
	};
}

bool cf_policy_set(struct cf_policy *policy, const char *variable, const char *value)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (strcmp(table[i].option.variable, variable) == 0) {
			struct cf_policy changed = *policy;

			if (!table[i].set(&changed, table[i].class, value))
				return false;
			*policy = changed;
			return true;
		}
	}
	return false;
}

const struct cf_option *cf_policy_option(size_t index)
{
	return index < sizeof(table) / sizeof(*table) ? &table[index].option : NULL;
}

const char *cf_policy_class_name(enum cf_class class)
{
	static const char *const names[CF_CLASSES] = { "file", "write", "socket", "mmap",
						       "curl", "other", "exit" };

	return names[class];
}
