/* SPDX-License-Identifier: MIT */
/*
 * undertaker.c - the task that empties an orphaned fd table. Floor 2.
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "clock.h"
#include "identity.h"
#include "mounts.h"
#include "raw.h"
#include "seal.h"
#include "task.h"

#define LOOK_EVERY (10 * CF_MS)
#define POSTS	   8
#define MOST_FDS   (1 << 20)
#define FEW_FDS	   256 /* compared to find out whether a first thread has any */

/* One for each process that shares our memory: the program, and vfork children. */
struct post {
	_Atomic int owner; /* its pid; 0: free */
};

struct watch {
	struct post *post;
	int owner;
	int self;
	bool has_leader; /* the owner's first thread has our table, but for an exec */
	int most_fds;
	const _Atomic int *stuck;
	const _Atomic uint64_t *local_words;
};

enum order { AT_ONCE, LOCAL_FILE, ON_BLOCK_DEVICE, MAY_HANG, NOT_OPEN };

static struct post posts[POSTS];

static long compare(const struct watch *watch, int type, long number)
{
	return cf_raw_call(SYS_kcmp, watch->owner, watch->self, type, number, number, 0);
}

static bool has_exec_ed(const struct watch *watch)
{
	if (!watch->has_leader || compare(watch, KCMP_FILES, 0) <= 0 ||
	    compare(watch, KCMP_VM, 0) <= 0)
		return false;
	for (int fd = 0; fd < FEW_FDS && fd < watch->most_fds; fd++) {
		if (compare(watch, KCMP_FILE, fd) >= 0)
			return true;
	}
	return false;
}

static bool is_orphaned(const struct watch *watch)
{
	return cf_raw_call3(SYS_getppid, 0, 0, 0) != watch->owner || has_exec_ed(watch);
}

static enum order order_of(const struct watch *watch, int fd)
{
	struct cf_identity identity = cf_identity_read(fd);
	struct linger linger;
	socklen_t size = sizeof(linger);

	linger.l_onoff = 0;
	if (identity.error == EBADF)
		return NOT_OPEN;
	switch (identity.is_opaque ? S_IFREG : identity.mode) {
	case S_IFSOCK:
		cf_raw_call(SYS_getsockopt, fd, SOL_SOCKET, SO_LINGER, (long)&linger,
			    (long)&size, 0);
		return linger.l_onoff ? MAY_HANG : AT_ONCE;
	case S_IFREG:
	case S_IFDIR:
	case S_IFBLK: {
		uint64_t word = cf_mounts_word(&identity);

		if (atomic_load(&watch->local_words[word % CF_MOUNTS_LOCAL_WORDS]) ==
		    word)
			return LOCAL_FILE;
		return identity.major ? ON_BLOCK_DEVICE : MAY_HANG;
	}
	case S_IFCHR: /* memory devices and ptys; a serial line may drain for long */
		return identity.device_major == 1 || (identity.device_major & ~7U) == 136
			       ? AT_ONCE
			       : MAY_HANG;
	default:
		return AT_ONCE;
	}
}

/* One number at a time: close_range() would release nothing before its last one. */
static void empty_table(const struct watch *watch)
{
	int end = watch->most_fds;

	for (enum order turn = AT_ONCE; turn <= MAY_HANG; turn++) {
		int highest = 0;

		for (int fd = 0; fd < end; fd++) {
			enum order order = order_of(watch, fd);

			if (order == NOT_OPEN)
				continue;
			highest = fd + 1;
			if (order <= turn)
				cf_raw_call3(SYS_close, fd, 0, 0);
		}
		end = highest;
	}
}

static void prepare(struct watch *watch)
{
	struct rlimit limit;

	limit.rlim_cur = 1024;
	cf_raw_call3(SYS_unshare, CLONE_FS, 0, 0);
	cf_raw_call3(SYS_setpgid, 0, 0, 0);
	cf_raw_call3(SYS_prctl, PR_SET_NAME, (long)"curfew-under", 0);
	cf_raw_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit, 0, 0);
	watch->most_fds = limit.rlim_cur < MOST_FDS ? (int)limit.rlim_cur : MOST_FDS;
	watch->self = (int)cf_raw_call3(SYS_getpid, 0, 0, 0);
	if (compare(watch, KCMP_FILES, 0) >=
	    0) /* else it may not look: believe the starter */
		watch->has_leader = compare(watch, KCMP_FILES, 0) == 0;
	cf_seal_undertaker();
}

static void run(void *room)
{
	struct watch *watch = room;
	struct timespec pause;

	pause.tv_sec = 0;
	pause.tv_nsec = LOOK_EVERY;
	prepare(watch);
	for (;;) {
		int nobody = 0;

		if (is_orphaned(watch)) {
			empty_table(watch);
			atomic_store(&watch->post->owner,
				     0); /* a vfork child's: memory lives on */
			return;
		}
		cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&pause, 0, 0,
			    0);
		if (atomic_load(watch->stuck) > 0)
			continue;
		/* A hand may get stuck just now: then either we stay, or its caller
		   finds the post free. */
		atomic_store(&watch->post->owner, 0);
		if (atomic_load(watch->stuck) <= 0 ||
		    !atomic_compare_exchange_strong(&watch->post->owner, &nobody,
						    watch->owner))
			return;
	}
}

/* An undertaker was ended from outside: the next expired call may post a new one. */
static void vacate(void *room)
{
	const struct watch *watch = room;
	int owner = watch->owner;

	atomic_compare_exchange_strong(&watch->post->owner, &owner, 0);
}

static struct post *take_post(int owner)
{
	for (int i = 0; i < POSTS; i++) {
		if (atomic_load(&posts[i].owner) == owner)
			return NULL;
	}
	for (int i = 0; i < POSTS; i++) {
		int nobody = 0;

		if (atomic_compare_exchange_strong(&posts[i].owner, &nobody, owner))
			return &posts[i];
	}
	return NULL;
}

void cf_undertaker_watch(const _Atomic int *stuck)
{
	int owner = (int)cf_raw_call3(SYS_getpid, 0, 0, 0);
	struct post *post = take_post(owner);
	struct cf_task *task = post ? cf_task_get() : NULL;

	if (task) {
		struct watch *watch = task->room;

		watch->post = post;
		watch->owner = owner;
		watch->has_leader = cf_raw_call3(SYS_gettid, 0, 0, 0) == owner;
		watch->stuck = stuck;
		watch->local_words = cf_mounts_local_words();
		if (cf_task_start(task, run) == 0) {
			cf_task_leave(task, vacate);
			return;
		}
		cf_task_put(task);
	}
	if (post)
		atomic_store(&post->owner, 0);
}

void cf_undertaker_after_fork(void)
{
	for (int i = 0; i < POSTS; i++)
		atomic_store(&posts[i].owner, 0);
}
