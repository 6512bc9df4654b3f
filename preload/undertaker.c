/* SPDX-License-Identifier: MIT */
/*
 * undertaker.c - the task that empties an orphaned fd table and memory. Floor 2.
 *
 * Built like errand.c: all but the last two functions run in a bare task.
 *
 * Whether the table is orphaned rests on two facts. getppid() changes once no
 * thread of the program is left. And kcmp() says that the program's first thread
 * has another table: after exec, but also after unshare(CLONE_FILES), when it still has
 * our memory, and after pthread_exit() in main, when it has no table at all: then no
 * number can be compared (EBADF). So the three are told apart without /proc.
 */
#include "undertaker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "clock.h"
#include "estate.h"
#include "fork.h"
#include "identity.h"
#include "marks.h"
#include "mounts.h"
#include "parked_ranges.h"
#include "ranges.h"
#include "raw.h"
#include "seal.h"
#include "task.h"

#define LOOK_EVERY (10 * CF_MS)
/* A vfork child whose parent was killed runs on in that memory until it executes: so the
   memory is given back so much later. One that closes what hangs is known, and awaited. */
#define UNTIL_EXEC (300 * CF_MS)
#define POSTS	   8
#define LOW_FDS	   4096
#define MOST_FDS   (1 << 20) /* looked at one by one; what is above goes in one call */
#define FEW_FDS	   1024	     /* compared to find out whether a first thread has any */

/* One for each table in our memory: the program's, those of vfork children, and of
   threads that have unshared theirs. */
struct post {
	_Atomic int owner; /* its pid; 0: free                                    */
	_Atomic int pid;   /* of the undertaker, which has the table that it watches */
};

struct watch {
	struct post *post;
	int owner;
	int self;
	bool has_leader;    /* the owner's first thread has our table, but for an exec */
	bool is_its_memory; /* the owner's own, not its parent's */
	const _Atomic int *slow;
};

enum order { AT_ONCE, ON_BLOCK_DEVICE, MAY_HANG, SICK, NOT_OPEN };

static struct post posts[POSTS];
static const struct cf_spans *mapped; /* what the program has mapped of a server */

static long compare(const struct watch *watch, int type, long number)
{
	return cf_raw_call(SYS_kcmp, watch->owner, watch->self, type, number, number, 0);
}

static bool has_exec_ed(const struct watch *watch)
{
	if (!watch->has_leader || compare(watch, KCMP_FILES, 0) <= 0 ||
	    compare(watch, KCMP_VM, 0) <= 0)
		return false;
	for (int fd = 0; fd < FEW_FDS; fd++) {
		if (compare(watch, KCMP_FILE, fd) >= 0)
			return true;
	}
	return false;
}

static bool is_orphaned(const struct watch *watch)
{
	return cf_raw_call3(SYS_getppid, 0, 0, 0) != watch->owner || has_exec_ed(watch);
}

/* At the end of a process the kernel does not linger; neither do we. */
static void stop_lingering(int fd)
{
	struct linger off;

	off.l_onoff = 0;
	off.l_linger = 0;
	cf_raw_call(SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, (long)&off, sizeof(off),
		    0);
}

static enum order order_of(int fd)
{
	struct cf_identity identity = cf_identity_read(fd);

	if (identity.error == EBADF)
		return NOT_OPEN;
	switch (identity.is_opaque ? S_IFREG : identity.mode) {
	case S_IFREG:
	case S_IFDIR:
		if (cf_marks_has(CF_MARK_LOCAL, &identity) ||
		    cf_marks_has(CF_MARK_LOCAL_DEVICE, &identity))
			return AT_ONCE;
		if (cf_marks_has(CF_MARK_SICK, &identity))
			return SICK;
		return identity.major ? ON_BLOCK_DEVICE : MAY_HANG;
	case S_IFCHR: /* memory devices and ptys; a serial line may drain for long */
		return identity.device_major == 1 || (identity.device_major & ~7U) == 136
			       ? AT_ONCE
			       : MAY_HANG;
	case S_IFBLK:
		return MAY_HANG;
	default:
		return AT_ONCE;
	}
}

/* Close what has its turn at these numbers; the end of what is open there. One number at
   a time: close_range() would release nothing before its last one. */
static int close_in_turn(enum order turn, int from, int end)
{
	int highest = from;

	for (int fd = from; fd < end; fd++) {
		enum order order = order_of(fd);

		if (order == NOT_OPEN)
			continue;
		highest = fd + 1;
		if (order > turn)
			continue;
		stop_lingering(fd);
		cf_raw_call3(SYS_close, fd, 0, 0);
	}
	return highest;
}

/* Nearly everything has a low number: it need not wait for a look at a million. Returns the
   end of what is open. */
static int close_what_cannot_hang(void)
{
	close_in_turn(AT_ONCE, 0, LOW_FDS);
	close_in_turn(ON_BLOCK_DEVICE, 0, LOW_FDS);
	int end = close_in_turn(AT_ONCE, LOW_FDS, MOST_FDS);
	close_in_turn(ON_BLOCK_DEVICE, LOW_FDS, end);
	return end;
}

static void close_the_rest(int end)
{
	close_in_turn(MAY_HANG, 0, end);
	close_in_turn(SICK, 0, end);
	cf_raw_call3(SYS_close_range, MOST_FDS, ~0U, 0);
}

static void pause_for(long length_ns)
{
	struct timespec length;

	length.tv_sec = 0;
	length.tv_nsec = length_ns;
	cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&length, 0, 0, 0);
}

/* Whether a vfork child runs in our memory, of those that have a post. */
static bool has_vfork_child(const struct watch *watch)
{
	for (int i = 0; i < POSTS; i++) {
		int owner = atomic_load(&posts[i].owner);

		if (owner &&
		    cf_raw_call(SYS_kcmp, owner, watch->self, KCMP_VM, 0, 0, 0) == 0)
			return true;
	}
	return false;
}

/* The lowest of the mapped and the parked ranges that ends after `at`. */
static bool risky_after(uintptr_t at, uintptr_t *start, uintptr_t *end)
{
	size_t place = cf_spans_find(mapped, at);
	struct cf_parked_piece parked;
	bool is_any = cf_parked_ranges_find(at, UINTPTR_MAX, &parked);

	if (is_any) {
		*start = parked.start;
		*end = parked.end;
	}
	if (place == mapped->count || (is_any && mapped->at[place].start > *start))
		return is_any;
	*start = mapped->at[place].start;
	*end = mapped->at[place].end;
	return true;
}

static void wind_up(const struct watch *watch)
{
	struct timespec until;

	until.tv_sec = 0;
	until.tv_nsec = 0;
	cf_raw_call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&until, 0);
	until.tv_nsec += UNTIL_EXEC;
	until.tv_sec += until.tv_nsec / (1000 * CF_MS);
	until.tv_nsec %= 1000 * CF_MS;
	int end = close_what_cannot_hang();
	if (watch->is_its_memory) {
		cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME,
			    (long)&until, 0, 0, 0);
		while (has_vfork_child(watch))
			pause_for(LOOK_EVERY);
		cf_estate_release(risky_after);
	}
	close_the_rest(end);
	if (watch->is_its_memory)
		cf_estate_release_risky(risky_after);
}

static void prepare(struct watch *watch)
{
	cf_raw_call3(SYS_unshare, CLONE_FS, 0, 0);
	cf_raw_call3(SYS_setpgid, 0, 0, 0);
	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)"curfew-under", 0);
	watch->self = (int)cf_raw_call3(SYS_getpid, 0, 0, 0);
	atomic_store(&watch->post->pid, watch->self);
	cf_seal_undertaker();
}

static void run(void *room)
{
	struct watch *watch = room;

	prepare(watch);
	for (;;) {
		int nobody = 0;

		if (is_orphaned(watch)) {
			wind_up(watch);
			/* a vfork child's: memory lives on */
			atomic_store(&watch->post->owner, 0);
			return;
		}
		pause_for(LOOK_EVERY);
		if (atomic_load(watch->slow) > 0)
			continue;
		/* A call may get slow just now: then either we stay, or its caller
		   finds the post free. */
		atomic_store(&watch->post->owner, 0);
		if (atomic_load(watch->slow) <= 0 ||
		    !atomic_compare_exchange_strong(&watch->post->owner, &nobody,
						    watch->owner))
			return;
	}
}

/* An undertaker was ended from outside: the next slow call may post a new one. */
static bool vacate(void *room)
{
	const struct watch *watch = room;
	int pid = watch->self;

	if (atomic_compare_exchange_strong(&watch->post->pid, &pid, 0))
		atomic_store(&watch->post->owner, 0);
	return true;
}

/* Whether an undertaker of `owner` watches the table of the calling thread. */
static bool is_watched(int owner)
{
	long self = cf_raw_call3(SYS_gettid, 0, 0, 0);

	for (int i = 0; i < POSTS; i++) {
		if (atomic_load(&posts[i].owner) != owner)
			continue;
		cf_task_await(&posts[i].pid); /* if it has just been posted */
		int pid = atomic_load(&posts[i].pid);
		/* Refused, or still not begun: take it for ours. */
		if (pid == 0 ||
		    cf_raw_call(SYS_kcmp, pid, self, KCMP_FILES, 0, 0, 0) <= 0)
			return true;
	}
	return false;
}

/* Asked before the undertaker starts: by then the program may have exec'ed. */
static bool has_table_of_leader(int owner)
{
	int self = (int)cf_raw_call3(SYS_gettid, 0, 0, 0);

	return self == owner ||
	       cf_raw_call(SYS_kcmp, owner, self, KCMP_FILES, 0, 0, 0) == 0;
}

static struct post *take_post(int owner)
{
	if (is_watched(owner))
		return NULL;
	for (int i = 0; i < POSTS; i++) {
		int nobody = 0;

		if (atomic_compare_exchange_strong(&posts[i].owner, &nobody, owner))
			return &posts[i];
	}
	return NULL;
}

static bool post(struct cf_task *task, const _Atomic int *slow)
{
	int owner = (int)cf_raw_call3(SYS_getpid, 0, 0, 0);
	struct post *place = take_post(owner);
	struct watch *watch = task->room;

	if (!place)
		return false;
	atomic_store(&place->pid, 0);
	cf_mounts_mark_local_devices();
	watch->post = place;
	watch->self = 0;
	watch->owner = owner;
	watch->has_leader = has_table_of_leader(owner);
	watch->is_its_memory = cf_fork_is_own_process();
	watch->slow = slow;
	mapped = cf_ranges_spans();
	if (cf_task_start(task, run, CF_TASK_SHARES_FDS) < 0) {
		atomic_store(&place->owner, 0);
		return false;
	}
	cf_task_await(&place->pid);
	cf_task_leave(task, vacate);
	return true;
}

void cf_undertaker_watch(const _Atomic int *slow)
{
	struct cf_task *task = cf_task_get(); /* first: it may vacate a post */

	if (task && !post(task, slow))
		cf_task_put(task);
}

void cf_undertaker_after_fork(void)
{
	for (int i = 0; i < POSTS; i++) {
		atomic_store(&posts[i].pid, 0);
		atomic_store(&posts[i].owner, 0);
	}
}
