/* SPDX-License-Identifier: MIT */
/*
 * test_estate.c - a task gives back the memory of a program that is gone, and lives on.
 *
 * The program is a forked child, the task one that shares its memory: it tells by a pipe
 * which of the addresses that the test has named are still mapped (see bare_task.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare_task.h"
#include "keep.h"
#include "refusal.h"
#include "task.h"
#include "unit.h"

#define PAGE	   ((uintptr_t)65536) /* as large as any */
#define SYS_MSEAL  462
#define NO_SEALING 77

static char static_memory[16];

static uintptr_t address_of(const void *object)
{
	return (uintptr_t)object;
}

static char *map(size_t pages)
{
	char *mapped = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(mapped != MAP_FAILED);
	memset(mapped, 'x', pages * PAGE);
	return mapped;
}

static struct bare_heir *start_heir(int fd)
{
	struct cf_task *task = cf_task_get();

	assert_non_null(task);
	struct bare_heir *heir = task->room;
	memset(heir, 0, sizeof(*heir));
	heir->owner = getpid();
	heir->fd = fd;
	assert_int_equal(cf_task_start(task, bare_inherit, CF_TASK_COPIES_FDS), 0);
	return heir;
}

/* What the heir of a program tells that has done this and ended: before and after what is
   risky was given back. */
static const char *told_after(void (*prepare)(struct bare_heir *heir))
{
	static char told[2 * BARE_MOST_LOOKS + 1];
	size_t length = 0;
	ssize_t count;
	int ends[2], status = -1;

	assert_int_equal(pipe(ends), 0);
	pid_t program = fork();
	if (program == 0) {
		prepare(start_heir(ends[1]));
		_exit(0);
	}
	close(ends[1]);
	while ((count = read(ends[0], told + length, sizeof(told) - 1 - length)) > 0)
		length += (size_t)count;
	told[length] = '\0';
	assert_int_equal(waitpid(program, &status, 0), program);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SEALING)
		unit_skip("the kernel knows no sealed mappings");
	assert_int_equal(status, 0);
	return told;
}

static void name_what_a_program_has(struct bare_heir *heir)
{
	heir->looks[0] = address_of(map(100));
	heir->looks[1] = address_of(malloc(100));
	heir->looks[2] = address_of(&heir);
	heir->looks[3] = address_of((void *)(uintptr_t)malloc);
	heir->looks[4] = address_of(static_memory);
	heir->looks[5] = address_of(heir);
}

static void everything_but_what_is_kept_is_given_back(void **state)
{
	(void)state;
	assert_string_equal(told_after(name_what_a_program_has), "----++----++");
}

static void keep_the_middle(struct bare_heir *heir)
{
	char *mapped = map(5);

	cf_keep(mapped + 2 * PAGE, PAGE);
	for (int i = 0; i < 5; i++)
		heir->looks[i] = address_of(mapped) + (uintptr_t)i * PAGE;
}

static void a_kept_range_within_a_mapping_stays(void **state)
{
	(void)state;
	assert_string_equal(told_after(keep_the_middle), "--+----+--");
}

static int segment;

static void attach(struct bare_heir *heir)
{
	char *attached = shmat(segment, NULL, 0);

	if (attached == (void *)-1)
		_exit(3);
	heir->looks[0] = address_of(attached);
}

static void a_shared_segment_is_detached(void **state)
{
	struct shmid_ds status;

	(void)state;
	segment = shmget(IPC_PRIVATE, 100, IPC_CREAT | 0600);
	assert_int_not_equal(segment, -1);
	const char *told = told_after(attach);
	assert_int_equal(shmctl(segment, IPC_STAT, &status), 0);
	assert_int_equal(shmctl(segment, IPC_RMID, NULL), 0);
	assert_string_equal(told, "--");
	assert_int_equal(status.shm_nattch, 0);
}

static void risk_two(struct bare_heir *heir)
{
	char *mapped = map(5);

	for (uintptr_t i = 0; i < 5; i++)
		heir->looks[i] = address_of(mapped) + i * PAGE;
	heir->risky[0] = (struct bare_range){ heir->looks[1], heir->looks[2] };
	heir->risky[1] = (struct bare_range){ heir->looks[3], heir->looks[4] };
}

static void what_is_risky_stays_until_all_the_rest_is_given_back(void **state)
{
	(void)state;
	assert_string_equal(told_after(risk_two), "-+-+------");
}

static void seal_the_middle(struct bare_heir *heir)
{
	char *mapped = map(5);

	if (syscall(SYS_MSEAL, mapped + PAGE, 3 * PAGE, 0) == -1)
		_exit(NO_SEALING);
	for (uintptr_t i = 0; i < 5; i++)
		heir->looks[i] = address_of(mapped) + i * PAGE;
	heir->looks[5] = address_of(malloc(100));
	heir->looks[6] = address_of(&heir);
}

static void a_sealed_mapping_stays_and_its_neighbours_do_not(void **state)
{
	(void)state;
	assert_string_equal(told_after(seal_the_middle), "-+++----+++---");
}

static void keep_too_much(struct bare_heir *heir)
{
	for (int i = 0; i < 513; i++)
		cf_keep(static_memory, 1);
	name_what_a_program_has(heir);
}

static void all_stays_where_the_list_of_what_is_kept_is_not_complete(void **state)
{
	(void)state;
	assert_string_equal(told_after(keep_too_much), "++++++++++++");
}

static void it_ends_where_the_kernel_gives_nothing_back(void **state)
{
	(void)state;
	refusal_of_call(SYS_munmap, EPERM);
	assert_string_equal(told_after(name_what_a_program_has), "++++++++++++");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_but_what_is_kept_is_given_back),
		cmocka_unit_test(a_kept_range_within_a_mapping_stays),
		cmocka_unit_test(a_shared_segment_is_detached),
		cmocka_unit_test(what_is_risky_stays_until_all_the_rest_is_given_back),
		cmocka_unit_test(a_sealed_mapping_stays_and_its_neighbours_do_not),
		cmocka_unit_test(
			all_stays_where_the_list_of_what_is_kept_is_not_complete),
		cmocka_unit_test(it_ends_where_the_kernel_gives_nothing_back),
	};

	return unit_run(tests);
}
