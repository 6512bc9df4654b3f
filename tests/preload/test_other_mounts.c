/* SPDX-License-Identifier: MIT */
/*
 * test_other_mounts.c - mounts that hang although they do not look like FUSE.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounds.h"
#include "events.h"
#include "mount.h"
#include "run.h"
#include "scratch.h"
#include "suite.h"

#define PATIENCE_MS  10000
#define DEVICE_BYTES (1 << 20)

/* The name of a loop device over a file of zeros, freed by its last close; NULL when
   there is none. *fd keeps it until it is mounted. */
static const char *attach_loop_device(int *fd)
{
	static char name[32];
	const char *image = scratch_path("image");
	struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int number = control == -1 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);

	scratch_put(image, "");
	if (number == -1 || truncate(image, DEVICE_BYTES) != 0)
		return NULL;
	close(control);
	snprintf(name, sizeof(name), "/dev/loop%d", number);
	*fd = open(name, O_RDWR | O_CLOEXEC);
	int backing = open(image, O_RDWR | O_CLOEXEC);
	int attached = *fd != -1 && backing != -1 &&
		       ioctl(*fd, LOOP_SET_FD, backing) == 0 &&
		       ioctl(*fd, LOOP_SET_STATUS64, &info) == 0;
	close(backing);
	return attached ? name : NULL;
}

static struct running *run_mixed(const char *read_only, const char *written)
{
	struct running *victim =
		run_start(&(struct run_order){ RUN_VICTIM("file"),
					       { "mixed", read_only, written },
					       { "CURFEW_DEADLINE_WRITE=500ms" },
					       0 });

	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_span("waitpid", victim->marks->left_ns, victim->reaped_ns, 0, 50);
	return victim;
}

static void assert_both_expired(const struct running *victim, const char *mount)
{
	events_assert_count(victim->events, "expired", 2);
	const struct events *events = events_read(victim->events);

	assert_int_equal(events->count, 2);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(events->list[i].ending, "expired");
		assert_string_equal(events->list[i].mount, mount);
	}
	bounds_took("read-only", &victim->marks->call[0], 300, 350);
	assert_int_equal(victim->marks->call[0].result, 0);
	/* On a sick mount the written one does not get its own deadline any more. */
	bounds_took("written", &victim->marks->call[1], 0, 550);
	assert_int_equal(victim->marks->call[1].result, -1);
	assert_int_equal(victim->marks->call[1].error, EIO);
}

static void fuseblk_on_a_block_device_is_bounded(void **state)
{
	int fd = -1;
	const char *device = attach_loop_device(&fd);
	struct mount *fuse = device ? mount_start_on(device) : NULL;

	(void)state;
	if (fd != -1)
		close(fd);
	if (!fuse)
		suite_skip("no loop device, or no fuseblk on it");
	const char *path = mount_put(fuse, "file");
	mount_hang(fuse, WEDGE_FLUSH);
	struct running *victim = run_mixed(path, mount_path(fuse, "written"));
	assert_both_expired(victim, fuse->point);
	char *said = scratch_text(victim->errors);
	assert_non_null(strstr(said, "fuseblk"));
	free(said);
}

/* `upper` and `work` are directories on the scratch directory. */
static const char *mount_overlay(const struct mount *fuse)
{
	char options[512];
	const char *upper = scratch_path("upper"), *work = scratch_path("work");
	const char *point = scratch_path("overlay");

	assert_int_equal(mkdir(upper, 0755) | mkdir(work, 0755) | mkdir(point, 0755), 0);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s",
		 fuse->point, upper, work);
	return mount("overlay", point, "overlay", 0, options) == 0 ? point : NULL;
}

static void a_file_of_a_fuse_layer_of_an_overlay_is_bounded(void **state)
{
	struct mount *fuse = mount_start(NULL);
	char path[256];

	(void)state;
	mount_put(fuse, "file");
	const char *point = mount_overlay(fuse);
	if (!point)
		suite_skip("no overlay over FUSE");
	mount_hang(fuse, WEDGE_FLUSH);
	snprintf(path, sizeof(path), "%s/file", point);
	struct running *victim = run_start(&(struct run_order){
		.program = RUN_VICTIM("file"), .arguments = { "read", path } });
	run_assert_ends(victim, PATIENCE_MS, VICTIM_STATUS);
	bounds_took("close", &victim->marks->call[0], 300, 350);
	assert_int_equal(victim->marks->call[0].result, 0);
	assert_string_equal(events_only(victim->events, "expired")->mount, point);
	bounds_span("waitpid", victim->marks->left_ns, victim->reaped_ns, 0, 50);
	assert_int_equal(fuse->orders->waiting[WEDGE_FLUSH], 1);
	umount2(point, MNT_DETACH);
}

static void a_mount_without_flush_is_closed_at_once(void **state)
{
	struct mount *fuse = mount_start("-n");
	const char *path = mount_put(fuse, "file");

	(void)state;
	mount_hang(fuse, WEDGE_FLUSH);
	mount_hang(fuse, WEDGE_RELEASE);
	struct running *victim = run_mixed(path, mount_path(fuse, "written"));
	bounds_took("read-only", &victim->marks->call[0], 0, 50);
	bounds_took("written", &victim->marks->call[1], 0, 50);
	assert_int_equal(victim->marks->call[1].result, 0);
	events_assert_count(victim->events, "finished", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SUITE_TEST(fuseblk_on_a_block_device_is_bounded),
		SUITE_TEST(a_file_of_a_fuse_layer_of_an_overlay_is_bounded),
		SUITE_TEST(a_mount_without_flush_is_closed_at_once),
	};

	return suite_run(tests);
}
