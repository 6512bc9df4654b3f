/* SPDX-License-Identifier: MIT */
/*
 * victim_end.c - ends in some way that must be left alone, with status 7.
 *
 *   confined HOW PATH   reads a file of a local disk, allows itself write and exit_group
 *                       alone, and ends by `exit` or `_exit`
 *   locked PATH         holds a POSIX lock on the file, which is still open at the end
 *   few PATH COUNT      the same without a lock, having so few numbers
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "victim.h"

static void confine(void)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof(steps) / sizeof(*steps), steps };

	victim_need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
		    "confine");
}

static int run_confined(char **arguments)
{
	close(victim_open(arguments[1], O_RDONLY));
	confine();
	if (strcmp(arguments[0], "_exit") == 0)
		_exit(VICTIM_STATUS);
	return VICTIM_STATUS;
}

static int leave_open(const char *path, int is_locked)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	close(victim_open(path, O_RDONLY)); /* so that the server is known */
	fd = victim_open(path, O_RDWR);
	victim_need(!is_locked || fcntl(fd, F_SETLK, &lock) == 0, "lock");
	victim_need(write(fd, "text", 4) == 4, "write");
	victim_step(1);
	victim_await(1);
	return victim_leave(VICTIM_STATUS);
}

static int run_locked(char **arguments)
{
	return leave_open(arguments[0], 1);
}

static int run_few(char **arguments)
{
	rlim_t count = (rlim_t)atoi(arguments[1]);
	struct rlimit few = { count, count };

	victim_need(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
	return leave_open(arguments[0], 0);
}

int main(int argc, char **argv)
{
	static const struct victim_verb verbs[] = { { "confined", run_confined },
						    { "locked", run_locked },
						    { "few", run_few },
						    { NULL, NULL } };

	(void)argc;
	return victim_run(verbs, argv);
}
