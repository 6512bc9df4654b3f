/* SPDX-License-Identifier: MIT */
/*
 * letting_go.c - evidence, from the number itself and from /proc. Floor 1.
 */
#include "letting_go.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "clerk.h"
#include "raw.h"
#include "text.h"

#define FIRST_BYTES 512 /* of a file in /proc: what is looked for stands there */

/* Read the beginning of /proc/PID/...; false when it says nothing. No memory is mapped for
   it: that may be what is stuck in this process. */
static bool read_proc(int pid, const char *file, char *text)
{
	char bytes[40];
	struct cf_text path;

	cf_text_begin(&path, bytes, sizeof(bytes));
	cf_text_add(&path, "/proc/");
	cf_text_add_number(&path, pid);
	cf_text_add(&path, file);
	long length = cf_clerk_read(bytes, text, FIRST_BYTES - 1);
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/* /proc may be that of another pid namespace, where the number is a stranger's. */
static bool is_untraced_hand(int pid)
{
	char status[FIRST_BYTES];

	return read_proc(pid, "/status", status) &&
	       strstr(status, "Name:\t" CF_ERRAND_TASK_NAME "\n") &&
	       strstr(status, "\nTracerPid:\t0\n");
}

/* "3 0x7 ", as /proc/PID/syscall begins. */
static void write_wanted(struct cf_text *wanted, const struct cf_call *call)
{
	unsigned long first = (unsigned long)call->argument[0];
	int shift = 60;

	cf_text_add_number(wanted, call->number);
	cf_text_add(wanted, " 0x");
	while (shift > 0 && first >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		cf_text_add_bytes(wanted, &"0123456789abcdef"[first >> shift & 15], 1);
	cf_text_add(wanted, " ");
}

/*
 * Whether the hand sleeps inside its call. A tracer or a seccomp filter of the
 * program could hold it at the door of the call, with the number not yet freed: then
 * this proves nothing.
 */
static bool is_asleep_in_call(int hand, const struct cf_call *call)
{
	char bytes[64], syscall[FIRST_BYTES];
	struct cf_text wanted;

	if (cf_raw_call(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0) != 0 ||
	    !is_untraced_hand(hand))
		return false;
	cf_text_begin(&wanted, bytes, sizeof(bytes));
	write_wanted(&wanted, call);
	return read_proc(hand, "/syscall", syscall) &&
	       strncmp(syscall, bytes, wanted.length) == 0;
}

bool cf_letting_go_of_fd(int hand, const struct cf_call *call, int fd,
			 const struct cf_identity *identity)
{
	struct cf_identity now = cf_identity_read(fd);

	if (now.error)
		return now.error == EBADF;
	return !cf_identity_is_same(&now, identity) || is_asleep_in_call(hand, call);
}

/* Whether the hand sleeps in something that munmap calls, and not for the lock of the
   address space: that wait goes by the name of munmap itself. */
static bool is_past_the_lock(int hand)
{
	char channel[FIRST_BYTES];

	return read_proc(hand, "/wchan", channel) && strcmp(channel, "0") != 0 &&
	       !strstr(channel, "munmap") && !strstr(channel, "rwsem") &&
	       !strstr(channel, "down_");
}

bool cf_letting_go_of_range(int hand, const struct cf_call *call)
{
	return is_asleep_in_call(hand, call) && is_past_the_lock(hand);
}
