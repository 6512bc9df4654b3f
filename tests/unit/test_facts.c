/* SPDX-License-Identifier: MIT */
/*
 * test_facts.c - from a number to a kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "facts.h"
#include "fuse.h"
#include "mounts.h"
#include "refusal.h"
#include "unit.h"

static enum cf_kind kind_of(int fd)
{
	assert_true(fd >= 0);
	return cf_facts_look(fd).kind;
}

static bool cannot_hang(int fd)
{
	enum cf_kind kind = kind_of(fd);

	return kind == CF_KIND_QUIET || kind == CF_KIND_LOCAL;
}

static void what_is_not_open_is_quiet_and_has_no_name(void **state)
{
	char name[16] = "before";

	(void)state;
	errno = EDOM;
	struct cf_facts facts = cf_facts_look(1 << 20);
	assert_int_equal(facts.kind, CF_KIND_QUIET);
	assert_int_equal(facts.identity.error, EBADF);
	cf_facts_name(1 << 20, name, sizeof(name));
	assert_string_equal(name, "");
	assert_int_equal(errno, EDOM);
}

static void pipes_and_anonymous_inodes_are_quiet(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(kind_of(ends[0]), CF_KIND_QUIET);
	assert_int_equal(kind_of(ends[1]), CF_KIND_QUIET);
	assert_int_equal(kind_of(eventfd(0, 0)), CF_KIND_QUIET);
	assert_int_equal(kind_of(epoll_create1(0)), CF_KIND_QUIET);
	assert_int_equal(kind_of(timerfd_create(CLOCK_MONOTONIC, 0)), CF_KIND_QUIET);
}

static void files_in_memory_and_of_the_kernel_cannot_hang(void **state)
{
	int directory = open("/proc/self/ns", O_PATH);

	(void)state;
	assert_true(cannot_hang(memfd_create("a name", 0)));
	assert_true(cannot_hang(openat(directory, "mnt", O_RDONLY)));
	assert_true(cannot_hang(open("/proc/self/status", O_RDONLY)));
	int pid_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (pid_fd >= 0)
		assert_true(cannot_hang(pid_fd));
	void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (long)shared,
		 (long)shared + 4096);
	int mapped = open(path, O_RDWR);
	if (mapped >= 0)
		assert_true(cannot_hang(mapped));
}

static void sockets_are_quiet_unless_they_linger(void **state)
{
	struct linger linger = { 0, 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(kind_of(fd), CF_KIND_QUIET);
	linger.l_onoff = 1;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	assert_int_equal(kind_of(fd), CF_KIND_QUIET); /* {1,0} resets at once */
	linger.l_linger = 12;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	struct cf_facts facts = cf_facts_look(fd);
	assert_int_equal(facts.kind, CF_KIND_SOCKET);
	assert_int_equal(facts.linger_ns, 12000 * CF_MS);
	assert_null(facts.mount);
	linger.l_linger = INT_MAX; /* more than the kernel can count: for ever */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	assert_true(cf_facts_look(fd).linger_ns >= INT64_C(1000000000) * CF_MS);
	linger.l_onoff = 0;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	assert_int_equal(kind_of(fd), CF_KIND_QUIET);
}

static void terminals_of_programs_and_memory_devices_are_quiet(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	(void)state;
	assert_int_equal(kind_of(open("/dev/null", O_WRONLY)), CF_KIND_QUIET);
	assert_int_equal(kind_of(open("/dev/zero", O_RDONLY)), CF_KIND_QUIET);
	if (master < 0)
		unit_skip("no pty");
	assert_int_equal(kind_of(master), CF_KIND_QUIET);
	assert_int_equal(unlockpt(master), 0);
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_int_equal(kind_of(slave), CF_KIND_QUIET);
	assert_true(setsid() != -1 && ioctl(slave, TIOCSCTTY, 0) == 0);
	struct cf_facts facts = cf_facts_look(open("/dev/tty", O_RDWR));
	assert_int_equal(facts.kind, CF_KIND_TERMINAL);
	assert_true(facts.is_written);
}

static void another_device_may_hang(void **state)
{
	int fd = open("/dev/fuse", O_RDWR);

	(void)state;
	if (fd < 0)
		unit_skip("no /dev/fuse to take for a device");
	struct cf_facts facts = cf_facts_look(fd);
	assert_int_equal(facts.kind, CF_KIND_DEVICE);
	assert_true(facts.is_written);
	assert_null(facts.mount);
	facts = cf_facts_look(open("/dev/fuse", O_RDONLY));
	assert_int_equal(facts.kind, CF_KIND_DEVICE);
	assert_false(facts.is_written);
	assert_int_equal(kind_of(open("/dev/fuse", O_PATH)), CF_KIND_QUIET);
}

/* Opened by number, in a file system of its own: not every machine has the device. */
static int open_node(const char *name, mode_t type, unsigned major, unsigned minor)
{
	if (mknod(unit_path(name), type | 0600, major << 8 | minor) == -1)
		unit_skip("no right to make device nodes");
	return open(unit_path(name), O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

static void block_devices_and_serial_lines_drain(void **state)
{
	(void)state;
	int serial = open_node("serial", S_IFCHR, 4, 64);
	if (serial >= 0)
		assert_int_equal(kind_of(serial), CF_KIND_TERMINAL);
	int disk = open_node("disk", S_IFBLK, 7, 0);
	if (disk < 0)
		unit_skip("no loop device");
	assert_int_equal(kind_of(disk), CF_KIND_TERMINAL);
}

static void files_and_directories_of_a_local_mount_are_local(void **state)
{
	(void)state;
	unit_enter_private_mounts();
	assert_int_equal(mount("t", unit_path(""), "tmpfs", 0, NULL), 0);
	int fd = open(unit_path("file"), O_RDWR | O_CREAT, 0600);
	struct cf_facts first = cf_facts_look(fd), second = cf_facts_look(fd);
	assert_int_equal(first.kind, CF_KIND_LOCAL);
	assert_int_equal(second.kind, CF_KIND_LOCAL);
	assert_int_equal(kind_of(open(unit_path(""), O_RDONLY)), CF_KIND_LOCAL);
	assert_true(cannot_hang(open(unit_path("file"), O_PATH)));
}

static const char *given_a_fuse_mount(void)
{
	static char point[160];

	unit_enter_private_mounts();
	snprintf(point, sizeof(point), "%s", unit_path("mount"));
	assert_int_equal(mkdir(point, 0755), 0);
	fuse_mount(point);
	return point;
}

static void files_and_directories_of_fuse_are_remote(void **state)
{
	char name[256];
	const char *point = given_a_fuse_mount(), *file = unit_path("mount/file");

	(void)state;
	int written = open(file, O_WRONLY | O_CREAT, 0600);
	struct cf_facts facts = cf_facts_look(written);
	assert_int_equal(facts.kind, CF_KIND_REMOTE);
	assert_true(facts.is_written);
	assert_non_null(facts.mount);
	assert_string_equal(facts.mount->point, point);
	assert_int_equal(strncmp(facts.mount->type, "fuse", 4), 0);
	cf_facts_name(written, name, sizeof(name));
	assert_string_equal(name, file);

	struct cf_facts read = cf_facts_look(open(file, O_RDONLY));
	assert_int_equal(read.kind, CF_KIND_REMOTE);
	assert_false(read.is_written);
	assert_ptr_equal(read.mount, facts.mount);
	assert_true(cf_facts_look(open(file, O_RDWR)).is_written);
	assert_false(cf_facts_may_write(written));
	assert_true(cf_facts_may_write(open("/dev/null", O_WRONLY)));
	assert_true(
		cf_facts_may_write(open(unit_path("local"), O_WRONLY | O_CREAT, 0600)));
	assert_int_equal(kind_of(open(point, O_RDONLY | O_DIRECTORY)), CF_KIND_REMOTE);
	assert_int_equal(kind_of(open(file, O_PATH)), CF_KIND_QUIET);
}

static void a_file_of_fuse_stays_remote_when_its_server_may_not_be_asked(void **state)
{
	(void)state;
	given_a_fuse_mount();
	int fd = open(unit_path("mount/file"), O_WRONLY | O_CREAT, 0600);
	unit_drop_privileges();
	struct cf_facts facts = cf_facts_look(fd);
	assert_int_equal(facts.kind, CF_KIND_REMOTE);
	assert_true(facts.is_written);
}

static void a_mount_that_was_detached_is_not_trusted(void **state)
{
	const char *point = unit_path("mount");

	(void)state;
	given_a_fuse_mount();
	int remote = open(unit_path("mount/file"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(umount2(point, MNT_DETACH), 0);
	assert_int_equal(kind_of(remote), CF_KIND_REMOTE);
	assert_int_equal(mount("t", point, "tmpfs", 0, NULL), 0);
	int local = open(unit_path("mount/file"), O_WRONLY | O_CREAT, 0600);
	assert_int_equal(umount2(point, MNT_DETACH), 0);
	struct cf_facts facts = cf_facts_look(local);
	assert_int_equal(facts.kind, CF_KIND_REMOTE); /* seen too late for its type */
	assert_string_equal(facts.mount->type, "unknown");
}

static void a_mapping_of_a_file_of_fuse_is_written_back(void **state)
{
	const char *point = given_a_fuse_mount();
	int fd = open(unit_path("mount/file"), O_RDWR | O_CREAT, 0600);
	struct cf_identity identity = cf_identity_read(fd);
	struct cf_range range = { .start = 1, .end = 2 };

	(void)state;
	errno = EDOM;
	assert_true(cf_facts_mapping(fd, &range));
	assert_int_equal(errno, EDOM);
	assert_int_equal(range.kind, CF_RANGE_FILE);
	assert_int_equal(range.fd, fd);
	assert_true(cf_identity_is_same(&range.file, &identity));
	assert_string_equal(range.mount->point, point);
	assert_string_equal(range.name, unit_path("mount/file"));
	assert_int_equal(range.start + range.end, 3); /* not its to say */
}

static void a_mapping_of_a_device_is_known_and_others_are_not(void **state)
{
	struct cf_range range;
	int device = open("/dev/fuse", O_RDWR);

	(void)state;
	assert_false(cf_facts_mapping(-1, &range));
	assert_false(cf_facts_mapping(open("/dev/zero", O_RDONLY), &range));
	assert_false(cf_facts_mapping(memfd_create("a name", 0), &range));
	assert_false(cf_facts_mapping(open(unit_path("file"), O_RDWR | O_CREAT, 0600),
				      &range));
	assert_false(cf_facts_mapping(socket(AF_INET, SOCK_STREAM, 0), &range));
	if (device < 0)
		unit_skip("no /dev/fuse to take for a device");
	assert_true(cf_facts_mapping(device, &range));
	assert_int_equal(range.kind, CF_RANGE_DEVICE);
	assert_null(range.mount);
	assert_string_equal(range.name, "/dev/fuse");
}

static bool is_local(void *fd)
{
	return cf_facts_look(*(int *)fd).kind == CF_KIND_LOCAL;
}

static void what_cannot_be_read_now_is_not_trusted_and_may_be_read_later(void **state)
{
	int fd = memfd_create("file", 0);

	(void)state;
	refusal_of_numbers();
	struct cf_facts facts = cf_facts_look(fd);
	refusal_ends();
	assert_int_equal(facts.kind, CF_KIND_REMOTE);
	assert_int_equal(kind_of(fd), CF_KIND_REMOTE);
	assert_true(unit_await(is_local, &fd, 300 + UNIT_SLACK_MS));
}

static void a_file_on_a_disk_is_local_without_a_look_at_the_mounts(void **state)
{
	int fd = open(unit_path("file"), O_RDWR | O_CREAT, 0600);

	(void)state;
	if (!cf_identity_read(fd).is_on_disk)
		unit_skip("the tests do not lie on a disk whose file system keeps flags");
	refusal_of_numbers();
	struct cf_facts facts = cf_facts_look(fd);
	refusal_ends();
	assert_int_equal(facts.kind, CF_KIND_LOCAL);
	assert_null(facts.mount);
}

static void a_name_is_cut_to_its_room(void **state)
{
	int fd = open("/dev/null", O_RDONLY);
	char name[6];

	(void)state;
	cf_facts_name(fd, name, sizeof(name));
	assert_string_equal(name, "/dev/");
}

static void *name_in_a_table_of_its_own(void *name)
{
	int fd = open("/dev/null", O_RDONLY);

	if (unshare(CLONE_FILES) == 0 && dup2(fd, 0) == 0)
		cf_facts_name(0, name, 64);
	return NULL;
}

static void a_name_is_that_of_the_calling_threads_table(void **state)
{
	char mine[64], threads[64] = "";
	pthread_t thread;

	(void)state;
	assert_int_equal(dup2(open("/dev/zero", O_RDONLY), 0), 0);
	pthread_create(&thread, NULL, name_in_a_table_of_its_own, threads);
	pthread_join(thread, NULL);
	cf_facts_name(0, mine, sizeof(mine));
	assert_string_equal(mine, "/dev/zero");
	assert_string_equal(threads, "/dev/null");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_open_is_quiet_and_has_no_name),
		cmocka_unit_test(pipes_and_anonymous_inodes_are_quiet),
		cmocka_unit_test(files_in_memory_and_of_the_kernel_cannot_hang),
		cmocka_unit_test(sockets_are_quiet_unless_they_linger),
		cmocka_unit_test(terminals_of_programs_and_memory_devices_are_quiet),
		cmocka_unit_test(another_device_may_hang),
		cmocka_unit_test(block_devices_and_serial_lines_drain),
		cmocka_unit_test(files_and_directories_of_a_local_mount_are_local),
		cmocka_unit_test(files_and_directories_of_fuse_are_remote),
		cmocka_unit_test(
			a_file_of_fuse_stays_remote_when_its_server_may_not_be_asked),
		cmocka_unit_test(a_mount_that_was_detached_is_not_trusted),
		cmocka_unit_test(
			what_cannot_be_read_now_is_not_trusted_and_may_be_read_later),
		cmocka_unit_test(a_file_on_a_disk_is_local_without_a_look_at_the_mounts),
		cmocka_unit_test(a_mapping_of_a_file_of_fuse_is_written_back),
		cmocka_unit_test(a_mapping_of_a_device_is_known_and_others_are_not),
		cmocka_unit_test(a_name_is_cut_to_its_room),
		cmocka_unit_test(a_name_is_that_of_the_calling_threads_table),
	};

	return unit_run(tests);
}
