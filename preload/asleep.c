/* SPDX-License-Identifier: MIT */
/*
 * asleep.c - /proc/self/task/TID: syscall, wchan and status. Floor 1.
 */
#include "asleep.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "clerk.h"
#include "identity.h"
#include "raw.h"
#include "text.h"

static const struct {
	long number;
	const char *name;
} known[] = {
	{ SYS_read, "read" },
	{ SYS_readv, "readv" },
	{ SYS_recvfrom, "recvfrom" },
	{ SYS_recvmsg, "recvmsg" },
	{ SYS_nanosleep, "nanosleep" },
	{ SYS_clock_nanosleep, "clock_nanosleep" },
	{ SYS_openat, "openat" },
	{ SYS_write, "write" },
	{ SYS_writev, "writev" },
	{ SYS_sendto, "sendto" },
	{ SYS_close, "close" },
	{ SYS_fsync, "fsync" },
	{ SYS_futex, "futex" },
	{ SYS_ppoll, "ppoll" },
	{ SYS_pselect6, "pselect6" },
	{ SYS_connect, "connect" },
	{ SYS_wait4, "wait4" },
	{ SYS_flock, "flock" },
	{ SYS_renameat, "renameat" },
	{ SYS_waitid, "waitid" },
	{ SYS_munmap, "munmap" },
	{ SYS_msync, "msync" },
	{ SYS_fdatasync, "fdatasync" },
	{ SYS_accept, "accept" },
	{ SYS_accept4, "accept4" },
	{ SYS_epoll_pwait, "epoll_pwait" },
	{ SYS_pread64, "pread64" },
	{ SYS_pwrite64, "pwrite64" },
	{ SYS_rt_sigtimedwait, "rt_sigtimedwait" },
	{ SYS_rt_sigsuspend, "rt_sigsuspend" },
	{ SYS_fcntl, "fcntl" },
	{ SYS_ioctl, "ioctl" },
	{ SYS_unlinkat, "unlinkat" },
	{ SYS_newfstatat, "newfstatat" },
	{ SYS_fstat, "fstat" },
	{ SYS_statx, "statx" },
#ifdef SYS_open /* not on aarch64 */
	{ SYS_open, "open" },
	{ SYS_poll, "poll" },
	{ SYS_select, "select" },
	{ SYS_epoll_wait, "epoll_wait" },
	{ SYS_rename, "rename" },
	{ SYS_pause, "pause" },
	{ SYS_unlink, "unlink" },
	{ SYS_stat, "stat" },
#endif
};

long cf_asleep_read(int tid, const char *name, char *bytes, size_t room)
{
	char path_bytes[64];
	struct cf_text path;

	cf_text_begin(&path, path_bytes, sizeof(path_bytes));
	cf_text_add(&path, "/proc/self/task/");
	cf_text_add_number(&path, tid);
	cf_text_add(&path, "/");
	cf_text_add(&path, name);
	long length = cf_clerk_read(path_bytes, bytes, room - 1);
	bytes[length > 0 ? length : 0] = '\0';
	return length;
}

static unsigned long read_number(const char **at, unsigned base)
{
	unsigned long number = 0;

	for (;; (*at)++) {
		char c = **at;
		unsigned digit = c >= '0' && c <= '9'	? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							: base;

		if (digit >= base)
			return number;
		number = number * base + digit;
	}
}

/* "35 0x7ffe.. 0x0 .. STACK COUNTER" when it sleeps in a call, else "running" or "-1 .." */
static void read_call(int tid, struct cf_asleep *asleep, unsigned long *argument)
{
	enum { FIRST = 0, STACK = 6, NUMBERS };
	char text[256];
	const char *at = text;

	asleep->number = -1;
	long length = cf_asleep_read(tid, "syscall", text, sizeof(text));
	asleep->is_gone = length == -ENOENT || length == -ESRCH;
	if (*at < '0' || *at > '9')
		return;
	asleep->number = (long)read_number(&at, 10);
	for (int i = 0; i < NUMBERS && strncmp(at, " 0x", 3) == 0; i++) {
		at += 3;
		unsigned long number = read_number(&at, 16);
		if (i == FIRST)
			*argument = number;
		if (i == STACK)
			asleep->stack = number;
	}
}

static bool is_pipe_or_socket(int fd)
{
	struct cf_identity identity = cf_identity_read(fd);

	return !identity.error && (identity.mode == S_IFIFO || identity.mode == S_IFSOCK);
}

static bool is_open(long number)
{
#ifdef SYS_open
	if (number == SYS_open)
		return true;
#endif
	return number == SYS_openat;
}

static bool may_be_stirred(long number, unsigned long argument, const char *channel)
{
	switch (number) {
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
		return true;
	case SYS_read:
	case SYS_readv:
	case SYS_recvfrom:
	case SYS_recvmsg:
		return is_pipe_or_socket((int)argument);
	default:
		/* A FIFO without its other end; an open on a server is left alone. */
		return is_open(number) && strcmp(channel, "wait_for_partner") == 0;
	}
}

static const char *name_of(long number)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (known[i].number == number)
			return known[i].name;
	}
	return NULL;
}

static void name_call(struct cf_asleep *asleep)
{
	const char *name = name_of(asleep->number);
	struct cf_text text;

	cf_text_begin(&text, asleep->call, sizeof(asleep->call));
	if (asleep->number == -1)
		return;
	if (name) {
		cf_text_add(&text, name);
		return;
	}
	cf_text_add(&text, "system call ");
	cf_text_add_number(&text, asleep->number);
}

static void describe(struct cf_asleep *asleep)
{
	struct cf_text text;

	cf_text_begin(&text, asleep->place, sizeof(asleep->place));
	cf_text_add(&text, asleep->call[0] ? asleep->call : "its own code");
	if (asleep->call[0] && asleep->channel[0]) {
		cf_text_add(&text, " (");
		cf_text_add(&text, asleep->channel);
		cf_text_add(&text, ")");
	}
}

struct cf_asleep cf_asleep_look(int tid)
{
	struct cf_asleep asleep = { .number = -1 };
	unsigned long argument = 0;

	read_call(tid, &asleep, &argument);
	cf_asleep_read(tid, "wchan", asleep.channel, sizeof(asleep.channel));
	if (strcmp(asleep.channel, "0") == 0)
		asleep.channel[0] = '\0';
	asleep.may_be_stirred = may_be_stirred(asleep.number, argument, asleep.channel);
	name_call(&asleep);
	describe(&asleep);
	return asleep;
}

bool cf_asleep_is_deaf(int tid, int signal)
{
	char status[4096];

	if (cf_asleep_read(tid, "status", status, sizeof(status)) <= 0)
		return true;
	const char *at = strstr(status, "\nSigBlk:\t");
	if (!at)
		return true;
	at += strlen("\nSigBlk:\t");
	return read_number(&at, 16) >> (signal - 1) & 1;
}
