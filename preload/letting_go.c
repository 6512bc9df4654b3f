/* SPDX-License-Identifier: MIT */
/*
 * letting_go.c - evidence, from the number itself and from /proc. Floor 1.
 */
#include "letting_go.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "clerk.h"
#include "pool.h"
#include "raw.h"
#include "text.h"

/* Not on the stack: the caller may be a signal handler with a small one. */
struct page {
	char text[4096];
};

/* Read a file of /proc/PID; NULL when it says nothing. Given back with drop(). */
static struct page *read_proc(int pid, const char *file)
{
	struct page *page = cf_pool_pages(sizeof(*page));
	char bytes[40];
	struct cf_text path;

	if (!page)
		return NULL;
	cf_text_begin(&path, bytes, sizeof(bytes));
	cf_text_add(&path, "/proc/");
	cf_text_add_number(&path, pid);
	cf_text_add(&path, file);
	if (cf_clerk_read(bytes, page->text, sizeof(page->text) - 1) > 0)
		return page;
	cf_raw_call3(SYS_munmap, (long)page, sizeof(*page), 0);
	return NULL;
}

static bool drop(struct page *page)
{
	cf_raw_call3(SYS_munmap, (long)page, sizeof(*page), 0);
	return true;
}

/* /proc may be that of another pid namespace, where the number is a stranger's. */
static bool is_untraced_hand(int pid)
{
	struct page *status = read_proc(pid, "/status");
	bool is_so = status && strstr(status->text, "Name:\t" CF_ERRAND_TASK_NAME "\n") &&
		     strstr(status->text, "\nTracerPid:\t0\n");

	return status && drop(status) && is_so;
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
	char bytes[64];
	struct cf_text wanted;

	if (cf_raw_call(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0) != 0 ||
	    !is_untraced_hand(hand))
		return false;
	struct page *syscall = read_proc(hand, "/syscall");
	cf_text_begin(&wanted, bytes, sizeof(bytes));
	write_wanted(&wanted, call);
	bool is_so = syscall && strncmp(syscall->text, bytes, wanted.length) == 0;
	return syscall && drop(syscall) && is_so;
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
	struct page *channel = read_proc(hand, "/wchan");
	bool is_so = channel && strcmp(channel->text, "0") != 0 &&
		     !strstr(channel->text, "munmap") &&
		     !strstr(channel->text, "rwsem") && !strstr(channel->text, "down_");

	return channel && drop(channel) && is_so;
}

bool cf_letting_go_of_range(int hand, const struct cf_call *call)
{
	return is_asleep_in_call(hand, call) && is_past_the_lock(hand);
}
