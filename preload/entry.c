/* SPDX-License-Identifier: MIT */
/*
 * entry.c - the beginning: read the options, open the doors. Floor 4.
 *
 * Start reading here. A close then goes down: door_fd, cleanup, facts and classify,
 * hand, task.
 */
#include "entry.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "binding.h"
#include "cleanup.h"
#include "events.h"
#include "facts.h"
#include "fork.h"
#include "lock.h"
#include "mapped.h"
#include "policy.h"
#include "real.h"
#include "real_end.h"
#include "say.h"
#include "scope.h"
#include "task.h"
#include "wait.h"

static struct cf_policy policy;
static _Atomic bool is_ready;

static void say_wrong(const struct cf_option *option, const char *value)
{
	char bytes[512];
	struct cf_text line;

	cf_say_permit(cf_facts_may_write(2));
	cf_say_line(&line, bytes, sizeof(bytes));
	cf_text_add(&line, option->variable);
	cf_text_add(&line, "=");
	cf_text_add_printable(&line, value);
	cf_text_add(&line, ": not understood, the default stays; it takes ");
	cf_text_add(&line, option->takes);
	cf_say(&line);
}

static void read_options(void)
{
	const struct cf_option *option;
	const char *quiet = getenv("CURFEW_QUIET");

	cf_policy_defaults(&policy);
	if (quiet)
		cf_policy_set(&policy, "CURFEW_QUIET", quiet);
	cf_say_begin(policy.quiet);
	for (size_t i = 0; (option = cf_policy_option(i)); i++) {
		const char *value = getenv(option->variable);

		if (value && !cf_policy_set(&policy, option->variable, value))
			say_wrong(option, value);
	}
}

__attribute__((constructor)) static void begin(void)
{
	cf_real_bind();
	cf_real_end_bind();
	cf_binding_begin();
	if (getauxval(AT_SECURE))
		return; /* a stranger chose the environment of a set-uid program */
	read_options();
	cf_events_begin(policy.events, policy.run);
	if (policy.mode != CF_MODE_OFF && cf_fork_begin()) {
		cf_cleanup_begin(&policy);
		cf_mapped_begin(&policy);
		cf_scope_begin(&policy);
		cf_wait_begin(&policy);
		cf_door_wait_begin();
		cf_door_exit_begin(&policy);
		cf_door_dl_begin(&policy);
		atomic_store_explicit(&is_ready, true, memory_order_release);
	}
	cf_events_report(&(struct cf_event){ .ending = CF_EVENT_LOADED });
}

bool cf_entry_may_enter(void)
{
	return atomic_load_explicit(&is_ready, memory_order_acquire) &&
	       !cf_lock_is_held() && cf_fork_settle();
}
