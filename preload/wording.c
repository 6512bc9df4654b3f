/* SPDX-License-Identifier: MIT */
/*
 * wording.c - the line for people, one form for each ending. Floor 0.
 */
#include "wording.h"

#include "clock.h"

static const char *what_becomes_of(const struct cf_event *event)
{
	if (event->is_over)
		return ", left to the kernel";
	if (event->is_refused)
		return " for its pages to be written back";
	return event->ending == CF_EVENT_PARKED ? ", is done when it can be"
						: ", goes on in the background";
}

/* curfew[4711]: close fd 7 /mnt/a (fuse.s3fs, written): over 5 s, goes on ... */
static void add_expired(struct cf_text *line, const struct cf_event *event)
{
	bool is_early = event->waited_ns < event->deadline_ns;

	cf_text_add(line, event->is_address ? " " : " fd ");
	if (event->is_address)
		cf_text_add_address(line, event->address);
	else
		cf_text_add_number(line, event->handle);
	cf_text_add(line, event->name[0] ? " " : "");
	cf_text_add_printable(line, event->name);
	cf_text_add(line, " (");
	cf_text_add_printable(line, event->type);
	cf_text_add(line, event->is_written ? ", written): " : "): ");
	if (event->is_observed) {
		cf_text_add(line, "took ");
		cf_text_add_duration(line, event->waited_ns);
		cf_text_add(line, ", would have expired after ");
		cf_text_add_duration(line, event->deadline_ns);
		return;
	}
	cf_text_add(line, is_early ? "mount is stuck, over " : "over ");
	cf_text_add_duration(line, is_early ? event->waited_ns : event->deadline_ns);
	cf_text_add(line, what_becomes_of(event));
	if (event->is_ending)
		return;
	cf_text_add(line, "; ");
	cf_text_add(line, event->call);
	cf_text_add(line, " returned ");
	if (event->result < 0)
		cf_text_add_errno(line, (int)-event->result);
	else
		cf_text_add_number(line, event->result);
}

/* curfew[4711]: curl_easy_cleanup: over 200 ms for the answer of 10.0.0.1:21; ... */
static void add_completed(struct cf_text *line, const struct cf_event *event)
{
	if (event->is_observed) {
		cf_text_add(line, ": waited ");
		cf_text_add_duration(line, event->waited_ns);
		cf_text_add(line, ", would have ended that after ");
		cf_text_add_duration(line, event->deadline_ns);
		return;
	}
	/* The waits alone are counted, in slices: they add up to a little less. */
	cf_text_add(line, event->waited_ns < event->deadline_ns / 2
				  ? ": nothing is left of "
				  : ": over ");
	cf_text_add_duration(line, event->deadline_ns);
	cf_text_add(line, " for the ");
	cf_text_add_printable(line, event->name);
	cf_text_add(line, "; that wait was ended, the rest is done; result ");
	cf_text_add_number(line, event->result);
}

/* curfew[4711]: exit: over 30 s, stuck in futex (futex_do_wait); ended with status 7 */
static void add_forced(struct cf_text *line, const struct cf_event *event)
{
	if (event->is_observed) {
		cf_text_add(line, ": took ");
		cf_text_add_duration(line, event->waited_ns);
		cf_text_add(line, ", would have been ended after ");
		cf_text_add_duration(line, event->deadline_ns);
		return;
	}
	cf_text_add(line, ": over ");
	cf_text_add_duration(line, event->deadline_ns);
	cf_text_add(line, ", stuck in ");
	cf_text_add_printable(line, event->name);
	cf_text_add(line, event->signal ? "; ended by signal " : "; ended with status ");
	cf_text_add_number(line, event->signal ? event->signal : event->result);
	if (event->unwritten > 0) {
		cf_text_add(line, ", ");
		cf_text_add_number(line, (int64_t)event->unwritten);
		cf_text_add(line, " bytes of its output are not written");
	}
	if (event->is_held)
		cf_text_add(line, ", but for a thread that the kernel holds: gone when "
				  "that returns");
}

void cf_wording_add(struct cf_text *line, const struct cf_event *event)
{
	cf_text_add(line, event->call);
	switch (event->ending) {
	case CF_EVENT_EXPIRED:
	case CF_EVENT_PARKED:
		add_expired(line, event);
		break;
	case CF_EVENT_COMPLETED:
		add_completed(line, event);
		break;
	case CF_EVENT_FORCED_EXIT:
		add_forced(line, event);
		break;
	case CF_EVENT_STUCK:
		cf_text_add(line, ": over ");
		cf_text_add_duration(line, event->deadline_ns);
		cf_text_add(line, " and stuck in ");
		cf_text_add_printable(line, event->name);
		break;
	default:
		cf_text_add(line, ": a second cleanup of ");
		cf_text_add_address(line, event->address);
		cf_text_add(line, ", refused");
	}
}
