/* SPDX-License-Identifier: MIT */
/*
 * test_identity.c - what a number stands for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fuse.h"
#include "identity.h"
#include "refusal.h"
#include "unit.h"

static bool is_same(const struct cf_identity *a, const struct cf_identity *b)
{
	bool answer = cf_identity_is_same(a, b);

	assert_int_equal(cf_identity_is_same(b, a), answer);
	return answer;
}

static void a_number_that_is_not_open_gives_ebadf(void **state)
{
	(void)state;
	errno = EDOM;
	assert_int_equal(cf_identity_read(-1).error, EBADF);
	assert_int_equal(cf_identity_read(1 << 20).error, EBADF);
	assert_int_equal(cf_identity_listed_mount(-1), 0);
	assert_int_equal(errno, EDOM);
}

static void two_numbers_of_one_file_are_the_same(void **state)
{
	int fd = open(unit_path("a"), O_RDWR | O_CREAT, 0600);
	struct cf_identity first = cf_identity_read(fd);
	struct cf_identity copy = cf_identity_read(dup(fd));
	struct cf_identity again = cf_identity_read(open(unit_path("a"), O_RDONLY));

	(void)state;
	assert_int_equal(first.error, 0);
	assert_true(is_same(&first, &first));
	assert_true(is_same(&first, &copy));
	assert_true(is_same(&first, &again));
}

static void two_files_are_not_the_same(void **state)
{
	int ends[2];
	struct cf_identity a = cf_identity_read(open(unit_path("a"), O_CREAT, 0600));
	struct cf_identity b = cf_identity_read(open(unit_path("b"), O_CREAT, 0600));

	(void)state;
	assert_int_equal(pipe(ends), 0);
	struct cf_identity one_pipe = cf_identity_read(ends[0]);
	assert_int_equal(pipe(ends), 0);
	struct cf_identity another = cf_identity_read(ends[0]);
	assert_false(is_same(&a, &b));
	assert_false(is_same(&a, &one_pipe));
	assert_false(is_same(&one_pipe, &another));
}

static void a_recycled_number_is_not_what_it_was(void **state)
{
	int fd = open(unit_path("a"), O_CREAT, 0600);
	struct cf_identity before = cf_identity_read(fd);

	(void)state;
	close(fd);
	assert_int_equal(cf_identity_read(fd).error, EBADF);
	assert_int_equal(open(unit_path("b"), O_CREAT, 0600), fd);
	struct cf_identity after = cf_identity_read(fd);
	assert_int_equal(after.error, 0);
	assert_false(is_same(&before, &after));
}

static void the_type_and_the_numbers_are_those_of_fstat(void **state)
{
	static const char *const paths[] = { "/dev/null", "/", "/proc/self/status" };
	struct stat expected;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int fd = open(paths[i], O_RDONLY);
		struct cf_identity identity = cf_identity_read(fd);

		assert_int_equal(fstat(fd, &expected), 0);
		assert_int_equal(identity.mode, expected.st_mode & S_IFMT);
		assert_int_equal(identity.inode, expected.st_ino);
		assert_int_equal(identity.major, major(expected.st_dev));
		assert_int_equal(identity.minor, minor(expected.st_dev));
		assert_int_equal(identity.device_major, major(expected.st_rdev));
		assert_int_equal(identity.device_minor, minor(expected.st_rdev));
		assert_false(identity.is_opaque);
	}
}

static void the_listed_mount_is_that_of_fdinfo(void **state)
{
	char path[64], line[128];
	int fd = open("/proc/self/status", O_RDONLY);
	long expected = 0;

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	FILE *info = fopen(path, "re");
	while (fgets(line, sizeof(line), info))
		sscanf(line, "mnt_id: %ld", &expected);
	fclose(info);
	assert_true(expected > 0);
	assert_int_equal(cf_identity_listed_mount(fd), expected);
	struct cf_identity identity = cf_identity_read(fd);
	assert_true(identity.mount != 0);
	assert_true(identity.mount_is_unique || identity.mount == (uint64_t)expected);
}

static void what_cannot_be_read_is_the_same_as_nothing(void **state)
{
	struct cf_identity gone = { .error = EBADF }, also_gone = gone;
	struct cf_identity here = cf_identity_read(open("/", O_RDONLY));

	(void)state;
	assert_false(is_same(&gone, &also_gone));
	assert_false(is_same(&gone, &here));
}

static void a_kernel_without_statx_says_so(void **state)
{
	(void)state;
	refusal_of_call(SYS_statx, ENOSYS);
	assert_int_equal(cf_identity_read(0).error, ENOSYS);
	assert_int_equal(cf_identity_listed_mount(0), 0);
}

static void only_another_file_system_tells_an_opaque_file_apart(void **state)
{
	struct cf_identity plain = {
		.mode = S_IFREG, .mount = 7, .inode = 5, .minor = 9
	};
	struct cf_identity opaque = { .is_opaque = true, .mount = 7, .minor = 9 };
	struct cf_identity elsewhere = { .is_opaque = true, .mount = 8, .minor = 10 };

	(void)state;
	assert_true(is_same(&opaque, &plain));
	assert_true(is_same(&opaque, &opaque));
	assert_false(is_same(&elsewhere, &plain));
	assert_false(is_same(&elsewhere, &opaque));
}

static void each_of_mode_mount_inode_and_device_tells_files_apart(void **state)
{
	const struct cf_identity file = {
		.mode = S_IFREG, .mount = 7, .inode = 5, .major = 8, .minor = 9
	};
	struct cf_identity others[5] = { file, file, file, file, file };

	(void)state;
	others[0].mode = S_IFDIR;
	others[1].mount++;
	others[2].inode++;
	others[3].major++;
	others[4].minor++;
	for (int i = 0; i < 5; i++)
		assert_false(is_same(&file, &others[i]));
}

static void a_file_whose_server_may_not_be_asked_is_opaque(void **state)
{
	(void)state;
	unit_enter_private_mounts();
	const char *point = unit_path("mount"), *file = unit_path("mount/file");
	assert_int_equal(mkdir(point, 0755), 0);
	fuse_mount(point);
	int fd = open(file, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	struct cf_identity before = cf_identity_read(fd);
	uint64_t listed = cf_identity_listed_mount(fd);
	assert_false(before.is_opaque);
	unit_drop_privileges();
	struct cf_identity after = cf_identity_read(fd);
	if (!after.error && !after.is_opaque)
		unit_skip("the mount allows every user");
	assert_int_equal(after.error, 0);
	assert_true(after.is_opaque);
	assert_int_equal(cf_identity_listed_mount(fd), listed);
	assert_true(is_same(&before, &after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_that_is_not_open_gives_ebadf),
		cmocka_unit_test(two_numbers_of_one_file_are_the_same),
		cmocka_unit_test(two_files_are_not_the_same),
		cmocka_unit_test(a_recycled_number_is_not_what_it_was),
		cmocka_unit_test(the_type_and_the_numbers_are_those_of_fstat),
		cmocka_unit_test(the_listed_mount_is_that_of_fdinfo),
		cmocka_unit_test(what_cannot_be_read_is_the_same_as_nothing),
		cmocka_unit_test(a_kernel_without_statx_says_so),
		cmocka_unit_test(only_another_file_system_tells_an_opaque_file_apart),
		cmocka_unit_test(each_of_mode_mount_inode_and_device_tells_files_apart),
		cmocka_unit_test(a_file_whose_server_may_not_be_asked_is_opaque),
	};

	return unit_run(tests);
}
