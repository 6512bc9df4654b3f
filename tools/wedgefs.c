/* SPDX-License-Identifier: MIT */
/*
 * wedgefs.c - a FUSE server that hangs on command: options, control page, loop.
 *
 * usage: wedgefs [-w] [-n] [-b DEVICE] MOUNTPOINT CONTROL
 *
 * One thread serves everything and never waits for anything but the kernel, so no
 * number of hung requests can exhaust it. It ends with its parent, whatever happens
 * to that one: with the server every caller comes free.
 */
#include <errno.h>
#include <fcntl.h>
#include <fuse_log.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wedge_gate.h"
#include "wedge_serve.h"
#include "wedgefs.h"

#define OWN_FAILURE 125
#define POLL_MS	    1

struct wishes {
	const char *device; /* NULL: no block device */
	const char *mountpoint;
	const char *control;
	bool writeback;
	bool without_flush;
};

static char mount_complaint[256]; /* the first thing that libfuse had to say */

static void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("wedgefs: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(OWN_FAILURE);
}

static struct wishes read_arguments(int argc, char **argv)
{
	static const char usage[] =
		"usage: wedgefs [-w] [-n] [-b DEVICE] MOUNTPOINT CONTROL";
	struct wishes wishes = { 0 };
	int option;

	opterr = 0;
	while ((option = getopt(argc, argv, "+:wnb:")) != -1) {
		if (option == 'w')
			wishes.writeback = true;
		else if (option == 'n')
			wishes.without_flush = true;
		else if (option == 'b')
			wishes.device = optarg;
		else if (option == ':')
			fail("option -%c needs a value; %s", optopt, usage);
		else
			fail("unknown option -%c; %s", optopt, usage);
	}
	if (argc - optind != 2)
		fail("%s", usage);
	wishes.mountpoint = argv[optind];
	wishes.control = argv[optind + 1];
	return wishes;
}

static void check_mountpoint(const char *path)
{
	struct stat attributes;

	if (stat(path, &attributes) == -1)
		fail("cannot mount on %s: %s", path, strerror(errno));
	if (!S_ISDIR(attributes.st_mode))
		fail("cannot mount on %s: not a directory", path);
}

/* Orders that were given before the start are kept; the counters begin anew. */
static struct wedge_control *map_control(const char *path)
{
	struct wedge_control *control;
	struct stat attributes;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1 || fstat(fd, &attributes) == -1)
		fail("cannot open the control file %s: %s", path, strerror(errno));
	if (attributes.st_size < (off_t)sizeof(*control) &&
	    ftruncate(fd, sizeof(*control)) == -1)
		fail("cannot size the control file %s: %s", path, strerror(errno));
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		fail("cannot map the control file %s: %s", path, strerror(errno));
	close(fd);
	control->ready = 0;
	for (int i = 0; i < WEDGE_OPERATIONS; i++) {
		control->waiting[i] = 0;
		control->seen[i] = 0;
	}
	control->pid = (uint32_t)getpid();
	return control;
}

static void keep_complaint(enum fuse_log_level level, const char *format,
			   va_list arguments)
{
	(void)level;
	if (mount_complaint[0])
		return;
	vsnprintf(mount_complaint, sizeof(mount_complaint), format, arguments);
	mount_complaint[strcspn(mount_complaint, "\n")] = '\0';
}

static struct fuse_session *mount_session(const struct wishes *wishes,
					  struct wedge_service *service)
{
	char options[512];
	char *arguments[] = { "wedgefs", "-o", options };
	struct fuse_args args = FUSE_ARGS_INIT(3, arguments);

	if (wishes->device)
		snprintf(options, sizeof(options), "blkdev,fsname=%s", wishes->device);
	else
		snprintf(options, sizeof(options), "subtype=wedgefs,fsname=wedgefs");
	fuse_set_log_func(keep_complaint);
	struct fuse_session *session = fuse_session_new(
		&args, &wedge_serve_operations, sizeof(wedge_serve_operations), service);
	if (!session || fuse_session_mount(session, wishes->mountpoint) != 0)
		fail("cannot mount on %s: %s", wishes->mountpoint, mount_complaint);
	fuse_opt_free_args(&args);
	/* A request can be taken back between poll and read. */
	fcntl(fuse_session_fd(session), F_SETFL, O_NONBLOCK);
	return session;
}

static int open_signals(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	int fd = signalfd(-1, &ends, SFD_CLOEXEC);
	if (fd == -1)
		fail("cannot watch for signals: %s", strerror(errno));
	return fd;
}

static void serve_one(struct fuse_session *session, struct fuse_buf *buffer)
{
	int received = fuse_session_receive_buf(session, buffer);

	if (received > 0)
		fuse_session_process_buf(session, buffer);
	else if (received != -EINTR && received != -EAGAIN)
		fuse_session_exit(session); /* unmounted from outside, or aborted */
}

static void serve(struct fuse_session *session, int signals)
{
	struct fuse_buf buffer = { 0 };
	struct pollfd sources[] = { { .fd = fuse_session_fd(session), .events = POLLIN },
				    { .fd = signals, .events = POLLIN } };

	while (!fuse_session_exited(session)) {
		poll(sources, 2, wedge_gate_waits() ? POLL_MS : -1);
		wedge_gate_release();
		if (sources[1].revents)
			break;
		if (sources[0].revents)
			serve_one(session, &buffer);
	}
	free(buffer.mem);
}

int main(int argc, char **argv)
{
	struct wishes wishes = read_arguments(argc, argv);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	check_mountpoint(wishes.mountpoint);
	int signals = open_signals();
	struct wedge_service service = { .control = map_control(wishes.control),
					 .writeback = wishes.writeback };
	wedge_gate_open(service.control, wishes.without_flush);
	struct fuse_session *session = mount_session(&wishes, &service);
	serve(session, signals);
	/* This closes /dev/fuse first: whoever still waits is let go. What waits in the
	   gate is not freed, as the process ends here. */
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	return 0;
}
