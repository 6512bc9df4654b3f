/* SPDX-License-Identifier: MIT */
/*
 * sweep.c - the flow of what is left open. Floor 3.
 *
 * A copy of each number is closed: that sends the flush, and does not pull the number from
 * under a thread that still runs. Memory of ours is left behind: the process ends.
 */
#include "sweep.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "classify.h"
#include "clock.h"
#include "ending.h"
#include "events.h"
#include "facts.h"
#include "fd_copy.h"
#include "fork.h"
#include "hand.h"
#include "layout.h"
#include "mapped.h"
#include "mounts.h"
#include "open_fds.h"
#include "park.h"
#include "parked_fds.h"
#include "parked_ranges.h"
#include "pool.h"
#include "ranges.h"
#include "raw.h"
#include "say.h"
#include "undertaker.h"
#include "unwritten.h"

#define FIRST_AT_ONCE 16 /* each process may have thousands: these find out */
#define MOST_AT_ONCE  60
#define MOST_FDS      16384 /* on servers; what is beyond is left to an undertaker */
#define HASTE	      (25 * CF_MS)
#define DISK_HASTE    (250 * CF_MS) /* for a local file, on a busy machine */

/* One hand, and what it is told. */
struct flush {
	struct cf_order order;
	struct cf_event event;
	struct cf_hand hand;
	char name[CF_RANGE_NAME_BYTES];
};

struct sweep {
	cf_instant until; /* all of it; in haste each has its own */
	bool writes_streams, is_in_haste;
	struct cf_unwritten unwritten;
	bool is_anything_left; /* that the kernel would wait for */
	struct open_there {
		int fd;
		struct cf_mount *mount;
		int64_t deadline_ns;
	} fds[MOST_FDS];
	int count;
	struct flush flushes[MOST_AT_ONCE];
	int begun, room;
};

static const struct cf_policy *policy; /* set once, before any door is open */
static const _Atomic int for_good = 1;

void cf_sweep_begin(const struct cf_policy *new_policy)
{
	policy = new_policy;
}

static void get_company(void)
{
	cf_undertaker_watch(&for_good);
}

static void report(struct cf_event *event, const struct cf_outcome *outcome)
{
	event->waited_ns = outcome->waited_ns;
	event->result = outcome->result;
	if (outcome->ending == CF_FINISHED && outcome->result >= 0)
		return; /* as the kernel would have done it */
	if (outcome->ending != CF_FINISHED) {
		event->ending = CF_EVENT_EXPIRED;
		cf_say_permit(cf_facts_may_write(2));
	}
	cf_events_report(event);
}

/* Without a hand the kernel does it, as ever. */
static void await(struct sweep *sweep, struct flush *flush)
{
	struct cf_outcome outcome = cf_hand_await(&flush->hand);

	if (outcome.ending == CF_NO_HAND) {
		if (flush->order.kind == CF_ERRAND_WRITE)
			cf_errand_write(&flush->order.bytes);
		if (flush->order.call.number == SYS_close)
			cf_raw_call3(SYS_close, flush->order.call.argument[0], 0, 0);
		return;
	}
	report(&flush->event, &outcome);
	if (outcome.ending != CF_FINISHED && !flush->order.is_ended)
		sweep->is_anything_left = true;
}

static void await_all(struct sweep *sweep)
{
	for (int i = 0; i < sweep->begun; i++)
		await(sweep, &sweep->flushes[i]);
	sweep->begun = 0;
	sweep->room = MOST_AT_ONCE;
}

static void begin(struct sweep *sweep, struct flush *flush)
{
	cf_instant deadline = cf_clock_after(flush->order.deadline_ns);

	cf_hand_begin(&flush->hand, &flush->order,
		      deadline < sweep->until ? deadline : sweep->until);
}

static struct flush *next_flush(struct sweep *sweep)
{
	if (sweep->begun == sweep->room)
		await_all(sweep);
	struct flush *flush = &sweep->flushes[sweep->begun++];
	memset(flush, 0, sizeof(*flush));
	return flush;
}

static struct cf_event event_of(const struct sweep *sweep, int fd,
				const struct cf_facts *facts, bool is_written)
{
	struct cf_verdict verdict = cf_classify(facts, policy);
	bool is_in_haste = sweep->is_in_haste || !verdict.is_bound;
	const char *unlisted = facts->kind == CF_KIND_REMOTE ? "unknown" : "local";

	return (struct cf_event){
		.ending = CF_EVENT_FINISHED,
		.call = "exit",
		.class = verdict.is_bound ? cf_policy_class_name(verdict.class) : "write",
		.is_written = is_written,
		.is_minor = !is_written,
		.is_ending = true,
		.handle = fd,
		.mount = facts->mount ? facts->mount->point : "",
		.type = facts->mount ? facts->mount->type : unlisted,
		.deadline_ns = !is_in_haste		      ? verdict.deadline_ns
			       : facts->kind == CF_KIND_LOCAL ? DISK_HASTE
							      : HASTE,
		/* Only who is ready now is written to: a hand may be ended there. */
		.is_over = facts->kind != CF_KIND_REMOTE && facts->kind != CF_KIND_LOCAL,
	};
}

/* Have the bytes written and the copy closed, where there is the one and the other. */
static void flush_fd(struct sweep *sweep, int fd, int copy, const struct cf_facts *facts,
		     const struct cf_bytes *bytes)
{
	struct flush *flush = next_flush(sweep);

	flush->event = event_of(sweep, fd, facts, facts->is_written || bytes);
	flush->event.name = flush->name;
	flush->order = (struct cf_order){
		.kind = bytes ? CF_ERRAND_WRITE : CF_ERRAND_CALL,
		.call = { copy < 0 ? -1 : SYS_close, { copy } },
		.bytes = bytes ? *bytes : (struct cf_bytes){ 0 },
		.identity = facts->identity,
		.mount = facts->mount,
		.deadline_ns = flush->event.deadline_ns,
		.is_ended = flush->event.is_over,
		.when_slow = flush->event.is_over ? NULL : get_company,
		.event = &flush->event,
	};
	cf_facts_name(fd, flush->name, sizeof(flush->name));
	begin(sweep, flush);
}

/* Whether a close of the number may wait for a server. */
static bool is_on_server(int fd)
{
	struct cf_facts facts = cf_facts_look(fd);
	return facts.kind == CF_KIND_REMOTE && cf_classify(&facts, policy).is_bound;
}

/* A number to be closed instead, below 0 for none: the kernel closes it if a copy would take
   locks, an undertaker if the table is full or there is no /proc. */
static int copy_of(struct sweep *sweep, int fd)
{
	enum cf_fd_copy_locks locks = cf_fd_copy_locks(fd);
	int copy = locks == CF_FD_COPY_NO_LOCK ? cf_fd_copy_make(fd) : -1;

	sweep->is_anything_left |= copy < 0 && locks != CF_FD_COPY_LOCKED;
	return copy;
}

/* With the bytes, if any, that stdio has for it. A vfork child copies nothing. */
static void sweep_fd(struct sweep *sweep, int fd, const struct cf_bytes *bytes)
{
	struct cf_facts facts = cf_facts_look(fd);
	struct cf_verdict verdict = cf_classify(&facts, policy);
	int copy = -1;

	if (facts.mount && cf_mounts_is_sick_for(facts.mount, verdict.deadline_ns))
		sweep->is_anything_left = true;
	else if (facts.kind == CF_KIND_REMOTE && verdict.is_bound &&
		 cf_fork_is_own_process())
		copy = copy_of(sweep, fd);
	if (copy >= 0 || bytes)
		flush_fd(sweep, fd, copy, &facts, bytes);
}

/* What takes its bytes in a moment, or goes on when we are gone. */
static bool is_writable_in_haste(int fd)
{
	enum cf_kind kind = cf_facts_look(fd).kind;

	if (kind == CF_KIND_LOCAL || kind == CF_KIND_REMOTE)
		return kind == CF_KIND_LOCAL || is_on_server(fd);
	return cf_unwritten_is_ready(fd);
}

static bool note(int fd, void *argument)
{
	struct sweep *sweep = argument;
	struct cf_facts facts = cf_facts_look(fd);
	struct cf_verdict verdict = cf_classify(&facts, policy);

	if (cf_park_holds(fd) || sweep->count == MOST_FDS)
		sweep->is_anything_left = true;
	else if (facts.kind == CF_KIND_REMOTE && verdict.is_bound)
		sweep->fds[sweep->count++] =
			(struct open_there){ fd, facts.mount, verdict.deadline_ns };
	return true;
}

/* What stdio holds; for a number on a server with its flush. */
static void sweep_streams(struct sweep *sweep)
{
	struct cf_unwritten *unwritten = &sweep->unwritten;

	cf_unwritten_gather(unwritten,
			    sweep->is_in_haste ? is_writable_in_haste : is_on_server);
	for (int i = 0; i < unwritten->count; i++) {
		if (unwritten->is_first[i])
			sweep_fd(sweep, unwritten->of[i].fd, &unwritten->of[i]);
	}
}

static void sweep_fds(struct sweep *sweep)
{
	if (sweep->writes_streams)
		sweep_streams(sweep);
	for (int i = sweep->count; i > 0; i--) { /* the newest first */
		const struct open_there *open = &sweep->fds[i - 1];

		if (open->mount && /* one of thousands, maybe */
		    cf_mounts_is_sick_for(open->mount, open->deadline_ns))
			sweep->is_anything_left = true;
		else if (!cf_unwritten_is_first(&sweep->unwritten, open->fd))
			sweep_fd(sweep, open->fd, NULL);
	}
	await_all(sweep);
}

/* Have a mapping written back, as its end would. */
CF_COLD static void write_back(struct sweep *sweep, const struct cf_range *piece)
{
	struct flush *flush = next_flush(sweep);

	memcpy(flush->name, piece->name, sizeof(flush->name));
	flush->event = cf_mapped_event("exit", piece);
	flush->event.name = flush->name;
	flush->event.is_ending = true;
	flush->order = (struct cf_order){
		.kind = CF_ERRAND_WRITE_BACK,
		.pages = cf_mapped_pages(piece),
		.mount = piece->mount,
		.deadline_ns = flush->event.deadline_ns,
		.when_slow = get_company,
	};
	begin(sweep, flush);
}

/* The pages of one file go together, as long as it is open: see cf_write_back(). */
static void sweep_pages(struct sweep *sweep)
{
	struct cf_identity last = { .error = EBADF };
	struct cf_range piece;

	sweep->is_anything_left |= cf_parked_ranges_any();
	if (!cf_ranges_any() || !cf_mapped_is_bound() || !cf_fork_is_own_process())
		return;
	if (sweep->is_in_haste) {
		sweep->is_anything_left = true;
		return;
	}
	for (uintptr_t at = 0; cf_ranges_find(at, UINTPTR_MAX, &piece); at = piece.end) {
		struct cf_identity now = cf_identity_read(piece.fd);
		bool is_open = cf_identity_is_same(&now, &piece.file);

		if (piece.kind != CF_RANGE_FILE ||
		    (is_open && cf_identity_is_same(&piece.file, &last)))
			continue;
		write_back(sweep, &piece);
		if (is_open)
			last = piece.file;
	}
	await_all(sweep);
}

/* Nobody's system calls but the program's own, where it has confined itself. */
static bool is_asked_for(void)
{
	return policy->mode == CF_MODE_ENFORCE &&
	       (!cf_ending_is_confined() || cf_mounts_any_remote() || cf_ranges_any() ||
		cf_parked_fds_any() || cf_parked_ranges_any());
}

static bool look_for_any(int fd, void *is_any)
{
	*(bool *)is_any = cf_park_holds(fd) || is_on_server(fd);
	return !*(bool *)is_any;
}

/* Nearly every program has nothing open on any server. */
static bool is_needed(bool is_in_haste)
{
	bool is_any = is_in_haste || cf_ranges_any() || cf_parked_ranges_any();

	if (!is_any)
		cf_open_fds_each(look_for_any, &is_any);
	return is_any;
}

static cf_instant end_of_process(void)
{
	struct cf_ending_state state = cf_ending_now();

	return state.is_under_way ? state.until
				  : cf_clock_after(policy->deadline_ns[CF_CLASS_EXIT]);
}

static bool is_left_after(bool writes_streams, bool is_in_haste)
{
	struct sweep *sweep = cf_pool_pages(sizeof(*sweep));

	if (!sweep)
		return true;
	sweep->until = is_in_haste ? CF_NEVER : end_of_process();
	sweep->room = FIRST_AT_ONCE;
	sweep->writes_streams = writes_streams;
	sweep->is_in_haste = is_in_haste;
	cf_open_fds_each(note, sweep);
	sweep_pages(sweep);
	sweep_fds(sweep);
	return sweep->is_anything_left;
}

static void run(bool writes_streams, bool is_in_haste)
{
	int error = errno;

	if (!is_asked_for())
		return;
	if (is_needed(is_in_haste) && is_left_after(writes_streams, is_in_haste))
		get_company();
	else if (!is_in_haste)
		/* nor may an undertaker hold locks and ports any longer than the process */
		cf_undertaker_dismiss(cf_hand_slow());
	errno = error;
}

void cf_sweep_last(void)
{
	run(true, false);
}

void cf_sweep_leave(void)
{
	run(false, false);
}

void cf_sweep_in_haste(bool with_streams)
{
	run(with_streams, true);
}
