/* SPDX-License-Identifier: MIT */
/*
 * task.c - slots with a small stack each, and the clone that fills them. Floor 0.
 *
 * The slots lie in pages that a forked child finds wiped: free, all of them. The
 * list of pages itself is kept, so that the child uses the same ones again.
 */
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "fork.h"
#include "keep.h"
#include "layout.h"
#include "pool.h"
#include "raw.h"
#include "sharers.h"

#define STACK_BYTES 16384
#define CHUNK_TASKS 32
#define CHUNK_BYTES (CHUNK_TASKS * sizeof(struct slot))
#define CHUNKS	    64
#define CLONE_FLAGS                                                                      \
	(CLONE_VM | CLONE_FS | CLONE_UNTRACED | CLONE_PARENT_SETTID |                    \
	 CLONE_CHILD_CLEARTID)
#define EVERY_SIGNAL 8 /* bytes of the kernel's sigset_t */

enum state { FREE, HELD, LEFT };

struct slot {
	struct cf_task task;
	_Alignas(64) char room[CF_TASK_ROOM_BYTES];
	_Alignas(64) char stack[STACK_BYTES];
};

static CF_TABLE struct slot *_Atomic chunks[CHUNKS];

static void enter(const struct slot *chunk)
{
	for (int i = 0; i < CHUNK_TASKS; i++)
		cf_sharers_enter(&chunk[i].task.tid);
}

static struct slot *chunk_at(int index)
{
	struct slot *chunk = atomic_load_explicit(&chunks[index], memory_order_acquire);
	struct slot *none = NULL;

	if (chunk)
		return chunk;
	chunk = cf_pool_pages(CHUNK_BYTES);
	if (!chunk)
		return NULL;
	if (cf_fork_wipe(chunk, CHUNK_BYTES)) {
		cf_keep(chunk, CHUNK_BYTES); /* first: its tasks are others' at once */
		if (atomic_compare_exchange_strong(&chunks[index], &none, chunk)) {
			enter(chunk);
			return chunk;
		}
	}
	cf_raw_call3(SYS_munmap, (long)chunk, CHUNK_BYTES, 0);
	return none;
}

bool cf_task_is_gone(const struct cf_task *task)
{
	return atomic_load_explicit(&task->tid, memory_order_acquire) == 0;
}

static bool claim(struct cf_task *task, int from)
{
	return atomic_load_explicit(&task->state, memory_order_relaxed) == from &&
	       atomic_compare_exchange_strong_explicit(&task->state, &from, HELD,
						       memory_order_acquire,
						       memory_order_relaxed);
}

/* Use a slot again whose task was left and has ended since. The zombie may still be
   on its way out: then a later caller finds it. */
static bool recover(struct cf_task *task)
{
	if (!cf_task_is_gone(task) || !claim(task, LEFT))
		return false;
	bool is_over = !task->is_over || task->is_over(task->room);
	if (is_over &&
	    cf_raw_call(SYS_wait4, task->pid, 0, __WCLONE | WNOHANG, 0, 0, 0) != 0)
		return true;
	atomic_store_explicit(&task->state, LEFT, memory_order_release);
	return false;
}

struct cf_task *cf_task_get(void)
{
	for (int i = 0; i < CHUNKS; i++) {
		struct slot *chunk = chunk_at(i);

		if (!chunk)
			return NULL;
		for (int j = 0; j < CHUNK_TASKS; j++) {
			struct cf_task *task = &chunk[j].task;

			if (!claim(task, FREE) && !recover(task))
				continue;
			task->room = chunk[j].room;
			task->is_over = NULL;
			atomic_store(&task->tid, 0);
			return task;
		}
	}
	return NULL;
}

void cf_task_put(struct cf_task *task)
{
	atomic_store_explicit(&task->state, FREE, memory_order_release);
}

static bool read_link(const char *path, char *bytes, size_t room)
{
	long length = cf_raw_call(SYS_readlinkat, AT_FDCWD, (long)path, (long)bytes,
				  (long)room - 1, 0, 0);

	bytes[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/* After unshare(CLONE_NEWPID) a child is born in another namespace. The first is its init,
   whose end ends it; and none would know its parent. The link of a namespace that has no
   init yet cannot be read. */
static bool would_be_born_elsewhere(void)
{
	char own[32], children[32];

	return read_link("/proc/thread-self/ns/pid", own, sizeof(own)) &&
	       (!read_link("/proc/thread-self/ns/pid_for_children", children,
			   sizeof(children)) ||
		strcmp(own, children) != 0);
}

long cf_task_start(struct cf_task *task, void (*run)(void *room), enum cf_task_fds fds)
{
	struct slot *slot =
		(struct slot *)(void *)((char *)task - offsetof(struct slot, task));
	unsigned long all = ~0UL, before = 0;
	unsigned long flags = CLONE_FLAGS | (fds == CF_TASK_SHARES_FDS ? CLONE_FILES : 0);

	if (would_be_born_elsewhere())
		return -EPERM;
	/* The kernel's call, not libc's: a task must not even take libc's own signals. */
	cf_raw_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before,
		    EVERY_SIGNAL, 0, 0);
	long pid = cf_raw_clone(flags, slot->stack + STACK_BYTES, (int *)&task->tid, NULL,
				run, task->room);
	cf_raw_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, EVERY_SIGNAL, 0,
		    0);
	if (pid < 0)
		return pid;
	task->pid = (int)pid;
	return 0;
}

bool cf_task_wait(struct cf_task *task, int64_t length_ns)
{
	struct timespec length = { length_ns / (1000 * CF_MS),
				   length_ns % (1000 * CF_MS) };
	int tid = atomic_load_explicit(&task->tid, memory_order_acquire);

	/* Not FUTEX_PRIVATE: the kernel's own wake at the end of a task is not either. */
	if (tid != 0 && length_ns > 0)
		cf_raw_call(SYS_futex, (long)&task->tid, FUTEX_WAIT, tid, (long)&length,
			    0, 0);
	return cf_task_is_gone(task);
}

void cf_task_end(struct cf_task *task)
{
	if (!cf_task_is_gone(task))
		cf_raw_call3(SYS_kill, task->pid, SIGKILL, 0);
}

void cf_task_reap(struct cf_task *task)
{
	while (cf_raw_call(SYS_wait4, task->pid, 0, __WCLONE, 0, 0, 0) == -EINTR)
		;
}

bool cf_task_is_held(const struct cf_task *task)
{
	return atomic_load_explicit(&task->state, memory_order_relaxed) == HELD;
}

void cf_task_leave(struct cf_task *task, bool (*is_over)(void *room))
{
	task->is_over = is_over;
	atomic_store_explicit(&task->state, LEFT, memory_order_release);
}

void cf_task_await(const _Atomic int *word)
{
	struct timespec moment = { 0, CF_MS / 50 };

	for (cf_instant end = cf_clock_after(100 * CF_MS); atomic_load(word) == 0;) {
		if (cf_clock_left(end) == 0)
			return;
		cf_raw_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&moment, 0, 0,
			    0);
	}
}
