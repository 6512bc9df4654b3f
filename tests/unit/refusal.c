/* SPDX-License-Identifier: MIT */
/*
 * refusal.c - seccomp and resource limits against this process.
 */
#include "refusal.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

static struct rlimit memory, numbers; /* as they were */
static int is_memory_refused, is_number_refused;

void refusal_of_call(long number, int error)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(steps) / sizeof(*steps), steps };

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == -1)
		unit_skip("the kernel knows no seccomp filters");
}

/* Not 0: the kernel takes that for no limit at all. */
void refusal_of_memory(void)
{
	struct rlimit little = { 4096, 0 };

	getrlimit(RLIMIT_DATA, &memory);
	little.rlim_max = memory.rlim_max;
	is_memory_refused = 1;
	setrlimit(RLIMIT_DATA, &little);
}

void refusal_of_numbers(void)
{
	struct rlimit none = { 0, 0 };

	getrlimit(RLIMIT_NOFILE, &numbers);
	none.rlim_max = numbers.rlim_max;
	is_number_refused = 1;
	setrlimit(RLIMIT_NOFILE, &none);
}

void refusal_ends(void)
{
	if (is_memory_refused)
		setrlimit(RLIMIT_DATA, &memory);
	if (is_number_refused)
		setrlimit(RLIMIT_NOFILE, &numbers);
	is_memory_refused = is_number_refused = 0;
}
