/* SPDX-License-Identifier: MIT */
/*
 * demo_mount.c - a FUSE mount that does not answer to FLUSH, or not to WRITE.
 *
 * Nothing is written to any disk: the control page is a memory file, and the mount
 * covers an existing directory, for this process and its children only.
 */
#include "demo_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "clock.h"
#include "demo_child.h"
#include "demo_namespace.h"
#include "install_paths.h"
#include "wedgefs.h"

#define READY_MS INT64_C(5000)
#define HINT	 "(a container needs --device /dev/fuse --cap-add SYS_ADMIN)"

static char reason[256];

static struct {
	bool runs;
	struct demo_child server;
	struct wedge_control *control;
	int control_fd;
	const char *place;
} mounted;

static const char *because(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *because(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	return reason;
}

static const char *check_device(void)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (device == -1)
		return because("cannot open /dev/fuse: %s " HINT, strerror(errno));
	close(device);
	return NULL;
}

static const char *enter_private_namespace(void)
{
	const char *why = check_device();

	if (why)
		return why;
	why = demo_namespace_mounts();
	return why ? because("%s " HINT, why) : NULL;
}

static bool map_control(void)
{
	mounted.control_fd = memfd_create("control", MFD_CLOEXEC);
	if (mounted.control_fd == -1)
		return false;
	if (ftruncate(mounted.control_fd, sizeof(*mounted.control)) == 0) {
		mounted.control =
			mmap(NULL, sizeof(*mounted.control), PROT_READ | PROT_WRITE,
			     MAP_SHARED, mounted.control_fd, 0);
		if (mounted.control != MAP_FAILED)
			return true;
	}
	close(mounted.control_fd);
	return false;
}

static void unmap_control(void)
{
	munmap(mounted.control, sizeof(*mounted.control));
	close(mounted.control_fd);
}

static bool start_server(void)
{
	char server[4096], control[64];

	snprintf(control, sizeof(control), "/proc/self/fd/%d", mounted.control_fd);
	if (!install_path(server, sizeof(server), CURFEW_LIBEXEC_DIR "/wedgefs"))
		return false;
	char *arguments[] = { "wedgefs", (char *)mounted.place, control, NULL };
	return demo_child_start(&mounted.server,
				&(struct demo_launch){ .path = server,
						       .arguments = arguments,
						       .passed = mounted.control_fd });
}

static bool wait_until_served(void)
{
	cf_instant deadline = cf_clock_after(READY_MS * CF_MS);

	while (!mounted.control->ready && cf_clock_left(deadline))
		if (demo_child_wait(&mounted.server, cf_clock_after(CF_MS)))
			return false;
	return mounted.control->ready;
}

static const char *begin_server(void)
{
	char line[128];

	mounted.place = demo_namespace_place();
	if (!mounted.place)
		return because("no directory to mount on: /mnt, /media and /srv are "
			       "missing or hold curfew itself");
	if (!map_control())
		return because("no memory file for the server: %s", strerror(errno));
	if (!start_server()) {
		unmap_control();
		return because("cannot start the server: %s", strerror(errno));
	}
	mounted.runs = true;
	if (wait_until_served())
		return NULL;
	demo_child_line(&mounted.server, "", line, sizeof(line));
	return because("%s", line[0] ? line : "the server did not answer");
}

static const char *set(enum wedge_operation hung, char *argument, size_t bytes)
{
	const char *why = enter_private_namespace();

	if (!why)
		why = begin_server();
	if (why)
		return why;
	snprintf(argument, bytes, "%s/report.csv", mounted.place);
	int fd = open(argument, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd == -1)
		return because("%s: %s", argument, strerror(errno));
	close(fd);
	mounted.control->hang = UINT32_C(1) << hung;
	return NULL;
}

const char *demo_mount_set_flush(char *argument, size_t bytes)
{
	return set(WEDGE_FLUSH, argument, bytes);
}

const char *demo_mount_set_write(char *argument, size_t bytes)
{
	return set(WEDGE_WRITE, argument, bytes);
}

void demo_mount_free(void)
{
	if (!mounted.runs)
		return;
	mounted.runs = false;
	demo_child_end(&mounted.server);
	umount2(mounted.place, MNT_DETACH);
	unmap_control();
}
