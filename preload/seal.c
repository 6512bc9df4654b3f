/* SPDX-License-Identifier: MIT */
/*
 * seal.c - seccomp filters for privileged tasks of ours. Floor 0.
 *
 * Built like errand.c, and the filters are put together on the stack: the code
 * runs in a bare task.
 */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "raw.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* Linux 6.5; the same number everywhere */
#endif

#define MOST_STEPS 48
#define LOAD	   (BPF_LD | BPF_W | BPF_ABS)
#define IF_EQUAL   (BPF_JMP | BPF_JEQ | BPF_K)
#define ANSWER	   (BPF_RET | BPF_K)
#define REFUSE	   (SECCOMP_RET_ERRNO | EPERM)

struct filter {
	struct sock_filter steps[MOST_STEPS];
	unsigned short length;
};

static void add(struct filter *filter, unsigned short code, unsigned value,
		unsigned char if_not)
{
	struct sock_filter *step = &filter->steps[filter->length++];

	step->code = code;
	step->jt = 0;
	step->jf = if_not;
	step->k = value;
}

static void begin(struct filter *filter)
{
	filter->length = 0;
	add(filter, LOAD, offsetof(struct seccomp_data, arch), 0);
	add(filter, IF_EQUAL, CF_RAW_ARCH, 1);
	add(filter, BPF_JMP | BPF_JA | BPF_K, 1, 0);
	add(filter, ANSWER, REFUSE, 0);
	add(filter, LOAD, offsetof(struct seccomp_data, nr), 0);
}

static void allow(struct filter *filter, long number)
{
	add(filter, IF_EQUAL, (unsigned)number, 1);
	add(filter, ANSWER, SECCOMP_RET_ALLOW, 0);
}

/* The call with this value as its argument number `place`, an int. */
static void allow_with(struct filter *filter, long number, int place, unsigned value)
{
	add(filter, IF_EQUAL, (unsigned)number, 4);
	add(filter, LOAD, offsetof(struct seccomp_data, args) + 8 * (unsigned)place, 0);
	add(filter, IF_EQUAL, value, 1);
	add(filter, ANSWER, SECCOMP_RET_ALLOW, 0);
	add(filter, ANSWER, REFUSE, 0); /* what is loaded now is no number */
}

static void install(struct filter *filter)
{
	struct sock_fprog program;

	add(filter, ANSWER, REFUSE, 0);
	program.len = filter->length;
	program.filter = filter->steps;
	cf_raw_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
	cf_raw_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&program, 0, 0, 0);
}

void cf_seal_hand(long number, bool writes)
{
	struct filter filter;

	begin(&filter);
	allow(&filter, number);
	if (writes) {
		allow(&filter, SYS_write);
		allow(&filter, SYS_lseek);
	}
	allow(&filter, SYS_close);
	allow(&filter, SYS_statx);
	allow(&filter, SYS_munmap);
	allow(&filter, SYS_msync);
	allow(&filter, SYS_sync_file_range);
	allow(&filter, SYS_cachestat);
	allow(&filter, SYS_clock_gettime);
	allow(&filter, SYS_clock_nanosleep);
	allow(&filter, SYS_exit);
	install(&filter);
}

void cf_seal_recorder(void)
{
	struct filter filter;

	begin(&filter);
	allow(&filter, SYS_write);
	allow(&filter, SYS_clock_gettime);
	allow(&filter, SYS_clock_nanosleep);
	allow(&filter, SYS_exit);
	install(&filter);
}

void cf_seal_undertaker(void)
{
	struct filter filter;

	begin(&filter);
	allow(&filter, SYS_close);
	allow(&filter, SYS_close_range);
	allow(&filter, SYS_statx);
	allow(&filter, SYS_setsockopt);
	allow(&filter, SYS_kcmp);
	allow(&filter, SYS_getppid);
	allow(&filter, SYS_futex);
	allow_with(&filter, SYS_openat, 2, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	allow(&filter, SYS_getdents64);
	allow(&filter, SYS_munmap);
	allow(&filter, SYS_clock_gettime);
	allow(&filter, SYS_clock_nanosleep);
	allow(&filter, SYS_exit);
	install(&filter);
}
