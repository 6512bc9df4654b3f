/* SPDX-License-Identifier: MIT */
/*
 * test_victims_really_hang.c - without the library every victim hangs, and where it
 * is meant to: else a test that sees one come through would prove nothing.
 *
 * They hang side by side and are cut off after 3 s.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounds.h"
#include "mount.h"
#include "peer.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define CUT_OFF_MS 3000
#define MOST	   64
#define TEXT_BYTES 262144

/* Arguments: "@name" is a file on the mount, "=name" one on the scratch directory. */
static const struct way {
	const char *program;
	const char *arguments[6];
} ways[] = {
	{ RUN_VICTIM("file"), { "read", "@a" } },
	{ RUN_VICTIM("file"), { "written", "@w" } },
	{ RUN_VICTIM("file"), { "again", "@a", "@b" } },
	{ RUN_VICTIM("file"), { "thrice", "@a", "@a", "@a" } },
	{ RUN_VICTIM("file"), { "mixed", "@a", "@w" } },
	{ RUN_VICTIM("file"), { "turn", "@a", "1", "1" } },
	{ RUN_VICTIM("holder"), { "exit", "read", "@a", "=lock-1", "=fifo" } },
	{ RUN_VICTIM("holder"), { "exit", "written", "@w", "=lock-2", "=fifo" } },
	{ RUN_VICTIM("holder"), { "killed", "read", "@a", "=lock-3", "=fifo" } },
	{ RUN_VICTIM("holder"), { "exec", "read", "@a", "=lock-4", "=fifo" } },
	{ RUN_VICTIM("stranger"), { "reopened", "plain", "@a", "=local" } },
	{ RUN_VICTIM("stranger"), { "reopened", "plain", "@a", "@a" } },
	{ RUN_VICTIM("stranger"), { "reopened", "nobody", "@a", "=local" } },
	{ RUN_VICTIM("stranger"), { "replaced", "undumpable", "@a", "=local" } },
	{ RUN_VICTIM("stranger"), { "instant", "plain", "@a", "=local" } },
	{ RUN_VICTIM("privilege"), { "drop", "@a", "@b" } },
	{ RUN_VICTIM("privilege"), { "threaded", "@a", "@b" } },
	{ RUN_VICTIM("privilege"), { "setuid_program", "@a", "/bin/true" } },
	{ RUN_VICTIM("privilege"), { "setuid_program_late", "@a", "/bin/true" } },
	{ RUN_VICTIM("child"), { "vfork", "@a" } },
	{ RUN_VICTIM("child"), { "fork", "@a" } },
	{ RUN_VICTIM("child"), { "forked_late", "@a", "@a" } },
	{ RUN_VICTIM("child"), { "spawn", "@a" } },
	{ RUN_VICTIM("child"), { "waits", "@a" } },
	{ RUN_VICTIM("signal"), { "defaults", "@a" } },
	{ RUN_VICTIM("signal"), { "group", "@a" } },
	{ RUN_VICTIM("signal"), { "handler", "@a", "@b" } },
	{ RUN_VICTIM("signal"), { "cancelled", "@a" } },
	{ RUN_VICTIM("number"), { "lowest", "@a", "=local" } },
	{ RUN_VICTIM("number"), { "bad", "@a" } },
	{ RUN_VICTIM("number"), { "all", "@a", "@b" } },
	{ RUN_VICTIM("number"), { "unshared", "@a", "=local" } },
	{ RUN_VICTIM("number"), { "covered", "@a", "=data" } },
	{ RUN_VICTIM("malloc"), { "interrupted", "@a" } },
	{ RUN_VICTIM("parked"), { "many", "read", "@a", "200", "1" } },
	{ RUN_VICTIM("parked"), { "many", "written", "@w", "200", "8" } },
	{ RUN_VICTIM("parked"), { "leave", "read", "@a", "100", "100" } },
	{ RUN_VICTIM("parked"), { "numbers", "@a", "=local" } },
	{ RUN_VICTIM("parked"), { "ranges", "@a", "=local" } },
	{ RUN_VICTIM("parked"), { "replaced", "@a", "=local" } },
	{ RUN_VICTIM("parked_child"), { "closes", "@a" } },
	{ RUN_VICTIM("parked_child"), { "children", "@a", "200" } },
	{ RUN_VICTIM("parked_child"), { "vforked", "@a", "=local" } },
	{ RUN_VICTIM("parked_child"), { "unshared", "@a", "=local" } },
	{ RUN_VICTIM("parked_child"), { "put", "@a", "=local" } },
};

static char *text;

static void add_stack(pid_t pid, const char *task)
{
	char path[512];

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stack", (int)pid, task);
	char *more = scratch_text(path);
	strncat(text, more, TEXT_BYTES - 1 - strlen(text));
	free(more);
}

static void add_task(pid_t pid, const char *task);

/* Where every task of it, and of its children, sleeps in the kernel. Only for what is
   in close(): reading this of one that is in execve() can hang. */
static void add_process(pid_t pid)
{
	char path[64];
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		if (entry->d_name[0] != '.')
			add_task(pid, entry->d_name);
	}
	if (tasks)
		closedir(tasks);
}

static void add_task(pid_t pid, const char *task)
{
	char path[512];

	add_stack(pid, task);
	snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)pid, task);
	char *children = scratch_text(path), *at = children;
	for (long child; (child = strtol(at, &at, 10)) > 0;)
		add_process((pid_t)child);
	free(children);
}

static void assert_hangs_in(const struct running *victim, const struct way *way,
			    const char *place)
{
	if (run_has_ended(victim))
		fail_msg("%s %s came through: %s", way->program, way->arguments[0],
			 scratch_text(victim->errors));
	if (!victim->marks->call[0].began_ns || victim->marks->call[0].ended_ns)
		fail_msg("%s %s is not in its first call", way->program,
			 way->arguments[0]);
	text[0] = '\0';
	add_process(victim->pid);
	if (!strstr(text, "[<"))
		suite_skip(
			"the kernel does not show where a task sleeps (/proc/PID/stack)");
	if (!strstr(text, place))
		fail_msg("%s %s does not wait in %s but in\n%s", way->program,
			 way->arguments[0], place, text);
}

static const char *resolve(const struct mount *fuse, const char *argument)
{
	if (argument && argument[0] == '@')
		return mount_path(fuse, argument + 1);
	if (argument && argument[0] == '=')
		return scratch_path(argument + 1);
	return argument;
}

static struct running *start(const struct mount *fuse, const struct way *way)
{
	struct run_order order = { .program = way->program, .is_stock = 1 };

	for (int i = 0; i < 6 && way->arguments[i]; i++)
		order.arguments[i] = resolve(fuse, way->arguments[i]);
	return run_start(&order);
}

static void sleep_until_the_cut_off(void)
{
	for (int64_t until = bounds_after(CUT_OFF_MS); bounds_nap(until);)
		;
}

static void put_files(const struct mount *fuse)
{
	static const char *const local[] = { "lock-1", "lock-2", "lock-3", "lock-4",
					     "local" };

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		scratch_put(scratch_path(local[i]), "");
	mount_put(fuse, "a");
	mount_put(fuse, "a0");
	mount_put(fuse, "b");
}

static void every_victim_of_a_hung_flush_hangs_in_it(void **state)
{
	size_t count = sizeof(ways) / sizeof(*ways);
	struct running *victims[MOST];
	struct mount *fuse = mount_start(NULL);
	const char *fifo = scratch_path("fifo");

	(void)state;
	put_files(fuse);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	int reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	mount_hang(fuse, WEDGE_FLUSH);
	for (size_t i = 0; i < count; i++)
		victims[i] = start(fuse, &ways[i]);
	sleep_until_the_cut_off();
	for (size_t i = 0; i < count; i++)
		assert_hangs_in(victims[i], &ways[i], "fuse_flush");
	close(reader);
}

static void a_victim_with_dirty_pages_hangs_in_a_hung_write(void **state)
{
	static const struct way one = { RUN_VICTIM("file"), { "written", "@w" } };
	static const struct way many = { RUN_VICTIM("parked"),
					 { "leave", "written", "@w", "1000", "8" } };
	struct mount *fuse = mount_start("-w");

	(void)state;
	mount_hang(fuse, WEDGE_WRITE);
	struct running *victim = start(fuse, &one), *other = start(fuse, &many);
	sleep_until_the_cut_off();
	assert_true(fuse->orders->waiting[WEDGE_WRITE] > 0);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 0);
	assert_hangs_in(victim, &one, "fuse_flush");
	assert_hangs_in(other, &many, "fuse_flush");
}

/* Side by side, each with a file of its own. A task that unmaps holds the lock of its
   whole memory, so nothing of it may be read that needs that; a stack does not. */
static void every_victim_of_a_dirty_mapping_hangs_in_its_write(void **state)
{
	static const struct way mapped[] = {
		{ RUN_VICTIM("mapping"), { "munmap", "held", "@m1" } },
		{ RUN_VICTIM("mapping"), { "munmap", "closed", "@m2" } },
		{ RUN_VICTIM("mapping"), { "busy", "held", "@m3" } },
		{ RUN_VICTIM("mapping"), { "busy", "closed", "@m4" } },
		{ RUN_VICTIM("mapping"), { "middle", "@m5" } },
		{ RUN_VICTIM("mapping"), { "gaps", "@m6" } },
		{ RUN_VICTIM("mapping"), { "left", "closed", "@m7" } },
		{ RUN_VICTIM("remap"), { "again", "@r1" } },
		{ RUN_VICTIM("remap"), { "over_live", "mmap", "@r2" } },
		{ RUN_VICTIM("remap"), { "over_live", "mremap", "@r3" } },
		{ RUN_VICTIM("remap"), { "over_parked", "mmap", "@r4" } },
		{ RUN_VICTIM("remap"), { "over_parked", "mremap", "@r5" } },
		{ RUN_VICTIM("remap"), { "shrink", "@r6" } },
	};
	size_t count = sizeof(mapped) / sizeof(*mapped);
	struct running *victims[MOST];
	struct mount *fuse = mount_start(NULL);

	(void)state;
	mount_hang(fuse, WEDGE_WRITE);
	for (size_t i = 0; i < count; i++)
		victims[i] = start(fuse, &mapped[i]);
	sleep_until_the_cut_off();
	for (size_t i = 0; i < count; i++)
		assert_hangs_in(victims[i], &mapped[i], "fuse_vma_close");
}

static void a_victim_of_what_another_dirtied_hangs_in_its_write(void **state)
{
	static const struct way dirties = { RUN_VICTIM("mapping"), { "dirties", "@a" } };
	static const struct way mapped = { RUN_VICTIM("mapping"), { "private", "@a" } };
	struct mount *fuse = mount_start(NULL);

	(void)state;
	mount_put(fuse, "a");
	mount_hang(fuse, WEDGE_WRITE);
	struct running *victim = start(fuse, &mapped);
	run_await_step(victim, 1, CUT_OFF_MS);
	run_await_step(start(fuse, &dirties), 1, CUT_OFF_MS);
	run_let_go(victim, 1);
	sleep_until_the_cut_off();
	assert_hangs_in(victim, &mapped, "fuse_vma_close");
}

static void a_victim_with_a_resized_mapping_hangs_in_its_write(void **state)
{
	static const struct way way = { RUN_VICTIM("remap"), { "resize", "@a" } };
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, &way);
	run_await_step(victim, 1, CUT_OFF_MS);
	mount_hang(fuse, WEDGE_WRITE);
	run_let_go(victim, 1);
	sleep_until_the_cut_off();
	assert_hangs_in(victim, &way, "fuse_vma_close");
}

static void a_victim_whose_memory_is_watched_hangs_in_userfaultfd(void **state)
{
	static const struct way way = { RUN_VICTIM("mapping"), { "watched", "unread" } };

	(void)state;
	if (access("/proc/sys/vm/unprivileged_userfaultfd", F_OK) != 0)
		suite_skip("the kernel has no userfaultfd");
	struct running *victim = start(NULL, &way);
	sleep_until_the_cut_off();
	assert_hangs_in(victim, &way, "userfaultfd_");
}

static void a_victim_with_a_lingering_socket_hangs_in_tcp_close(void **state)
{
	char port[16];
	struct way way = { RUN_VICTIM("socket"), { "linger", port, "60" } };

	(void)state;
	snprintf(port, sizeof(port), "%d", peer_listen());
	struct running *victim = start(NULL, &way);
	peer_accept();
	sleep_until_the_cut_off();
	assert_hangs_in(victim, &way, "tcp_close");
	peer_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(every_victim_of_a_hung_flush_hangs_in_it),
		SUITE_TEST(a_victim_with_dirty_pages_hangs_in_a_hung_write),
		SUITE_TEST(every_victim_of_a_dirty_mapping_hangs_in_its_write),
		SUITE_TEST(a_victim_of_what_another_dirtied_hangs_in_its_write),
		SUITE_TEST(a_victim_with_a_resized_mapping_hangs_in_its_write),
		SUITE_TEST(a_victim_whose_memory_is_watched_hangs_in_userfaultfd),
		SUITE_TEST(a_victim_with_a_lingering_socket_hangs_in_tcp_close),
	};
	static char memory[TEXT_BYTES];

	text = memory;
	return suite_run(tests);
}
