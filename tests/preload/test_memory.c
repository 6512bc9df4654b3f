/* SPDX-License-Identifier: MIT */
/*
 * test_memory.c - a stuck hand does not keep the memory of a program that is gone; and
 * nobody who still runs in it loses any.
 *
 * What is kept is read from /proc/HAND/statm, which waits for nothing.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "suite.h"

#ifdef CURFEW_TEST_SANITIZED /* a runtime has its own memory for ours */
#define MIB 256
#else
#define MIB 1024
#endif
#define LITTLE_MIB    16 /* our own code, stacks and tables are less */
#define PATIENCE_MS   15000
#define GIVEN_BACK_MS 1000
#define LONG_MS	      1500 /* longer than it would take */
#define SLOW_MS	      50   /* a close that takes long and does not expire */
#define WRITTEN_BYTES 65536

#define TEXT_OF(number) #number
#define TEXT(macro)	TEXT_OF(macro)

static pid_t parent_of_hand(const char *pid)
{
	char path[300], line[128], name[32] = "";
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	FILE *status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		sscanf(line, "Name: %31s", name);
		sscanf(line, "PPid: %d", &parent);
	}
	if (status)
		fclose(status);
	return strcmp(name, "curfew-hand") == 0 ? parent : 0;
}

/* -1 when it is gone. */
static long resident_mib(pid_t hand)
{
	char path[64];
	long pages = -1;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)hand);
	FILE *statm = fopen(path, "re");
	if (!statm)
		return -1;
	if (fscanf(statm, "%*d %ld", &pages) != 1)
		pages = -1;
	fclose(statm);
	return pages < 0 ? -1 : pages / ((1 << 20) / sysconf(_SC_PAGESIZE));
}

/* Which has all the memory of its program, as long as that is there. */
static pid_t hand_of(const struct running *victim, long mib)
{
	DIR *all = opendir("/proc");
	struct dirent *entry;
	pid_t hand = 0;

	assert_non_null(all);
	while ((entry = readdir(all))) {
		if (atoi(entry->d_name) && parent_of_hand(entry->d_name) == victim->pid)
			hand = atoi(entry->d_name);
	}
	closedir(all);
	assert_int_not_equal(hand, 0);
	assert_true(resident_mib(hand) >= mib);
	return hand;
}

static int is_attached(const struct running *victim)
{
	struct shmid_ds status;

	return shmctl((int)victim->marks->number[0], IPC_STAT, &status) == 0 &&
	       status.shm_nattch > 0;
}

static struct running *start(struct mount *fuse, const char *verb, const char *mib)
{
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim =
		run_start(&(struct run_order){ RUN_VICTIM("rich"),
					       { verb, mib, mount_path(fuse, "written") },
					       { "CURFEW_DEADLINE_WRITE=100ms" },
					       0 });
	run_await_step(victim, 1, PATIENCE_MS);
	assert_true(is_attached(victim));
	return victim;
}

/* At `left_ns` the program was about to leave; its hand is still there. */
static void assert_given_back(const struct running *victim, pid_t hand, int64_t left_ns)
{
	int64_t until = bounds_after(PATIENCE_MS);
	long now = resident_mib(hand);

	while ((now >= LITTLE_MIB || is_attached(victim)) && bounds_nap(until))
		now = resident_mib(hand);
	bounds_span("memory and segment are back", left_ns, bounds_now(), 0,
		    GIVEN_BACK_MS);
	print_message("resident: %ld MiB\n", now);
	assert_true(now >= 0 && now < LITTLE_MIB);
	assert_false(is_attached(victim));
}

static void assert_completes(struct mount *fuse, const struct running *victim, pid_t hand)
{
	assert_true(fuse->orders->waiting[WEDGE_FLUSH] > 0);
	mount_recover(fuse);
	events_await(victim->events, "late", 1);
	assert_int_equal(events_only(victim->events, "late")->result, 0);
	mount_await_calm(fuse);
	assert_true(mount_holds(fuse, "written", WRITTEN_BYTES));
	for (int64_t until = bounds_after(PATIENCE_MS); resident_mib(hand) > 0;) {
		if (!bounds_nap(until))
			fail_msg("the hand is still there");
	}
}

static void the_memory_of_a_program_that_has_left_is_given_back(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "exit", TEXT(MIB));
	pid_t hand = hand_of(victim, MIB);
	run_let_go(victim, 1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_given_back(victim, hand, victim->marks->left_ns);
	assert_completes(fuse, victim, hand);
}

static void the_memory_of_a_program_that_was_killed_is_given_back(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "killed", TEXT(MIB));
	pid_t hand = hand_of(victim, MIB);
	int64_t killed = bounds_now();
	assert_int_equal(kill(victim->pid, SIGKILL), 0);
	run_assert_ends(victim, PATIENCE_MS, RUN_SIGNALLED + SIGKILL);
	assert_given_back(victim, hand, killed);
	assert_completes(fuse, victim, hand);
}

static void the_memory_that_exec_leaves_behind_is_given_back(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "exec", TEXT(MIB));
	pid_t hand = hand_of(victim, MIB);
	run_let_go(victim, 1);
	run_await_step(victim, 2, PATIENCE_MS);
	assert_given_back(victim, hand, victim->marks->left_ns);
	assert_false(run_has_ended(victim));
	assert_completes(fuse, victim, hand);
	run_let_go(victim, 2);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS + 1);
}

static void let_pass(int ms)
{
	for (int64_t until = bounds_after(ms); bounds_nap(until);)
		;
}

static void a_living_program_keeps_its_memory(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "killed", "64");
	let_pass(LONG_MS);
	assert_true(is_attached(victim));
	assert_false(run_has_ended(victim));
}

static void law_9_the_memory_of_a_vfork_child_stays_its_parents(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "vfork", "64");
	assert_int_equal(events_only(victim->events, "expired")->result, -1);
	let_pass(LONG_MS);
	assert_true(is_attached(victim));
	mount_recover(fuse); /* its own fd is still open */
	run_let_go(victim, 1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_int_equal(victim->marks->number[1], 0);
}

static void law_9_a_helper_that_outlives_the_program_keeps_its_memory(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "helped", "32");
	pid_t hand = hand_of(victim, 32);
	run_let_go(victim, 1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	run_await_step(victim, 2, PATIENCE_MS);
	assert_int_equal(victim->marks->number[1], 0);
	assert_true(is_attached(victim));
	int64_t ended = bounds_now();
	run_let_go(victim, 2);
	assert_given_back(victim, hand, ended);
	assert_completes(fuse, victim, hand);
}

/* Tasks of ours would be born in the other namespace, and not know their parent. */
static void assert_runs_on(const char *verb)
{
	struct mount *fuse = mount_start(NULL);

	fuse->orders->delay_ms = SLOW_MS;
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("rich"),
		.arguments = { verb, "64", mount_path(fuse, "written") } });
	run_await_step(victim, 1, PATIENCE_MS);
	let_pass(GIVEN_BACK_MS);
	assert_true(is_attached(victim));
	run_let_go(victim, 1);
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	assert_int_equal(victim->marks->number[1], 0);
	assert_int_equal(victim->marks->call[0].result, 0);
	bounds_took("close", &victim->marks->call[0], SLOW_MS, SLOW_MS);
}

static void a_program_that_has_unshared_its_pid_namespace_runs_on(void **state)
{
	(void)state;
	assert_runs_on("unshared");
	assert_runs_on("fathered");
}

static void law_9_a_vfork_child_may_outlive_its_parent_until_it_executes(void **state)
{
	struct mount *fuse = mount_start(NULL);

	(void)state;
	struct running *victim = start(fuse, "straggler", "4");
	run_let_go(victim, 1);
	let_pass(100);
	assert_int_equal(kill(victim->pid, SIGKILL), 0);
	run_assert_ends(victim, PATIENCE_MS, RUN_SIGNALLED + SIGKILL);
	run_await_step(victim, 2, PATIENCE_MS);
	assert_int_equal(victim->marks->number[1], 0);
	run_let_go(victim, 2);
	run_await_end_of_output(victim, PATIENCE_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(the_memory_of_a_program_that_has_left_is_given_back),
		SUITE_TEST(the_memory_of_a_program_that_was_killed_is_given_back),
		SUITE_TEST(the_memory_that_exec_leaves_behind_is_given_back),
		SUITE_TEST(a_living_program_keeps_its_memory),
		SUITE_TEST(law_9_the_memory_of_a_vfork_child_stays_its_parents),
		SUITE_TEST(law_9_a_vfork_child_may_outlive_its_parent_until_it_executes),
		SUITE_TEST(law_9_a_helper_that_outlives_the_program_keeps_its_memory),
		SUITE_TEST(a_program_that_has_unshared_its_pid_namespace_runs_on),
	};

	return suite_run(tests);
}
