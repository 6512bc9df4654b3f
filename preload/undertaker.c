/* SPDX-License-Identifier: MIT */
/*
 * undertaker.c - the task that empties an orphaned fd table and memory. Floor 2.
 *
 * Built like errand.c: what stands before vacate() runs in a bare task.
 *
 * Whether the table is orphaned rests on two facts. getppid() changes once no thread of the
 * program is left. And kcmp() says that the program's first thread has another table: after
 * exec, but also after unshare(CLONE_FILES), when it still has our memory, and after
 * pthread_exit() in main, when it has no table at all: no number can be compared (EBADF).
 */
#include "undertaker.h"

#include <errno.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "clearance.h"
#include "clock.h"
#include "estate.h"
#include "fork.h"
#include "futex.h"
#include "mounts.h"
#include "parked_ranges.h"
#include "ranges.h"
#include "raw.h"
#include "seal.h"
#include "sharers.h"
#include "task.h"

#define LOOK_EVERY    (10 * CF_MS)
#define SHARERS_EVERY (100 * CF_MS)
#define FIRST_LOOKS   10 /* for sharers of the memory; a vfork child will have executed */
#define LEAVES_WITHIN (100 * CF_MS) /* when it is dismissed, on a busy machine */
#define MOMENT	      (CF_MS / 50)
#define POSTS	      8
#define FEW_FDS	      1024 /* compared to find out whether a first thread has any */

/* One for each table in our memory: the program's, those of vfork children, and of
   threads that have unshared theirs. */
struct post {
	_Atomic int owner; /* its pid; 0: free                                    */
	_Atomic int pid;   /* of the undertaker, which has the table that it watches */
	_Atomic int bell;  /* one more: look at once                             */
	const _Atomic int *_Atomic slow; /* 0: it is not needed                  */
};

struct watch {
	struct post *post;
	int owner;
	int self;
	bool has_leader;    /* the owner's first thread has our table, but for an exec */
	bool is_its_memory; /* the owner's own, not its parent's */
};

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

static void pause_for(long length_ns)
{
	struct timespec length;

	length.tv_sec = 0;
	length.tv_nsec = length_ns;
	cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&length, 0, 0, 0);
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

/* Give the memory back once nobody but tasks of ours runs in it. False when somebody does
   still, after so many looks, or when that cannot be told. */
static bool give_back(const struct watch *watch, int looks)
{
	enum cf_sharers sharers = cf_sharers_look(watch->self);

	for (; sharers == CF_SHARERS_OTHERS && looks > 1; looks--) {
		pause_for(SHARERS_EVERY);
		sharers = cf_sharers_look(watch->self);
	}
	if (sharers != CF_SHARERS_OURS)
		return false;
	cf_estate_release(risky_after);
	return true;
}

/* Memory first, as a close of the rest may hang; but what a helper keeps for long must not
   keep files open that only might. */
static void wind_up(const struct watch *watch)
{
	int end = cf_clearance_begin();
	bool is_given_back = watch->is_its_memory && give_back(watch, FIRST_LOOKS);

	cf_clearance_end(end);
	if (is_given_back || (watch->is_its_memory && give_back(watch, INT_MAX)))
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

static bool is_needed(const struct post *post)
{
	return atomic_load(atomic_load(&post->slow)) > 0;
}

/* Wait for the next look. False when the post is left. */
static bool stay(const struct watch *watch)
{
	struct post *post = watch->post;
	int heard = atomic_load(&post->bell), nobody = 0;

	if (is_needed(post)) {
		cf_futex_wait(&post->bell, heard, LOOK_EVERY);
		return true;
	}
	/* A call may get slow just now: we stay, or its caller finds the post free. */
	atomic_store(&post->owner, 0);
	return is_needed(post) &&
	       atomic_compare_exchange_strong(&post->owner, &nobody, watch->owner);
}

static void run(void *room)
{
	struct watch *watch = room;

	prepare(watch);
	/* 0: a parent in another pid namespace, of which nothing can be told. One that is gone
	   is not taken for that: who comes in its place is of our namespace. */
	if (cf_raw_call3(SYS_getppid, 0, 0, 0) != 0) {
		while (!is_orphaned(watch)) {
			if (!stay(watch))
				return;
		}
		wind_up(watch);
	}
	atomic_store(&watch->post->owner, 0); /* a vfork child's: memory lives on */
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
	atomic_store(&place->slow, slow);
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

/* A task loses its memory before its table: so the kernel is asked, not task.h. */
static bool has_ended(int pid)
{
	siginfo_t info;

	info.si_pid = 0;
	return cf_raw_call(SYS_waitid, P_PID, pid, (long)&info,
			   WEXITED | WNOHANG | WNOWAIT | __WCLONE, 0, 0) < 0 ||
	       info.si_pid == pid;
}

static void dismiss(struct post *post, const _Atomic int *slow)
{
	cf_instant end = cf_clock_after(LEAVES_WITHIN);

	atomic_store(&post->slow, slow);
	atomic_fetch_add(&post->bell, 1);
	cf_futex_wake(&post->bell);
	while (!has_ended(atomic_load(&post->pid)) && cf_clock_left(end) > 0)
		pause_for(MOMENT);
}

void cf_undertaker_dismiss(const _Atomic int *slow)
{
	int owner = (int)cf_raw_call3(SYS_getpid, 0, 0, 0);

	for (int i = 0; i < POSTS && atomic_load(slow) <= 0; i++) {
		int of = atomic_load(&posts[i].owner);

		if (of != owner && of != 0)
			continue;
		if (of == owner || atomic_load(&posts[i].pid)) /* on its way out */
			dismiss(&posts[i], slow);
	}
}

void cf_undertaker_after_fork(void)
{
	for (int i = 0; i < POSTS; i++) {
		atomic_store(&posts[i].pid, 0);
		atomic_store(&posts[i].owner, 0);
	}
}
