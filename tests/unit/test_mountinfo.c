/* SPDX-License-Identifier: MIT */
/*
 * test_mountinfo.c - one line of /proc/self/mountinfo, and the whole of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse.h"
#include "identity.h"
#include "mountinfo.h"
#include "refusal.h"
#include "unit.h"

#define MANY_MOUNTS 1500 /* more than the 64 KiB that are read at once */

static bool parse(const char *line, struct cf_mount_line *found, char **options)
{
	static char bytes[4096];

	snprintf(bytes, sizeof(bytes), "%s", line);
	return cf_mountinfo_parse(bytes, found, options);
}

static void a_line_gives_id_type_point_and_options(void **state)
{
	static const struct {
		const char *line, *type, *point, *options;
		uint64_t id;
		uint32_t major, minor;
	} lines[] = {
		{ "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,a=b",
		  "ext3", "/mnt2", "rw,a=b", 36, 98, 0 },
		{ "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw", "ext4", "/", "rw", 22,
		  254, 0 },
		{ "301 36 0:52 / /mnt/s3 rw,nosuid,nodev shared:12 master:3 "
		  "propagate_from:2 - fuse.s3fs s3fs rw,user_id=0,group_id=0",
		  "fuse.s3fs", "/mnt/s3", "rw,user_id=0,group_id=0", 301, 0, 52 },
		{ "4294967297 22 0:60 / /a\\040b\\011c\\012d\\134e\\043 rw unbindable - "
		  "tmpfs some\\040name rw,size=1k",
		  "tmpfs", "/a b\tc\nd\\e#", "rw,size=1k", UINT64_C(4294967297), 0, 60 },
		{ "5 4 0:61 / /x rw - tmpfs  rw", "tmpfs", "/x", "rw", 5, 0, 61 },
		{ "5 4 0:61 / /x\\08\\9\\ rw - tmpfs t rw", "tmpfs", "/x\\08\\9\\", "rw",
		  5, 0, 61 },
		{ "6 4 0:4 net:[4026531840] /run/net rw - nsfs nsfs rw", "nsfs",
		  "/run/net", "rw", 6, 0, 4 },
		{ "7 4 0:5 / /- rw - - - -", "-", "/-", "-", 7, 0, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct cf_mount_line found;
		char *options = NULL;

		if (!parse(lines[i].line, &found, &options))
			fail_msg("not parsed: %s", lines[i].line);
		assert_string_equal(found.type, lines[i].type);
		assert_string_equal(found.point, lines[i].point);
		assert_string_equal(options, lines[i].options);
		assert_true(found.id == lines[i].id);
		assert_int_equal(found.major, lines[i].major);
		assert_int_equal(found.minor, lines[i].minor);
	}
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"36",
		"36 ",
		"36 35 98:0 /mnt1",
		"36 35 98:0 /mnt1 /mnt2 rw,noatime",
		"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1",
		"36 35 98:0 /mnt1 /mnt2 rw,noatime -",
		"36 35 98:0 /mnt1 /mnt2 rw,noatime - ext3",
		"36 35 98:0 /mnt1 /mnt2 rw,noatime - ext3 /dev/root",
		"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 ext3 /dev/root rw",
		"x36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw",
		"-36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw",
		" 36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw",
		"36 35 98 /mnt1 /mnt2 rw - ext3 /dev/root rw",
		"36 35 98: /mnt1 /mnt2 rw - ext3 /dev/root rw",
		"36 35 :0 /mnt1 /mnt2 rw - ext3 /dev/root rw",
		"36 35 9x:0 /mnt1 /mnt2 rw - ext3 /dev/root rw",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct cf_mount_line found;
		char *options;

		if (parse(lines[i], &found, &options))
			fail_msg("parsed: '%s'", lines[i]);
	}
}

static void long_names_are_cut(void **state)
{
	char line[1024], name[512];
	struct cf_mount_line found;
	char *options;

	(void)state;
	memset(name, 'n', sizeof(name));
	snprintf(line, sizeof(line), "1 2 3:4 / /%.400s rw - %.100s source rw", name,
		 name);
	assert_true(parse(line, &found, &options));
	assert_int_equal(strlen(found.point), CF_MOUNT_POINT_BYTES - 1);
	assert_int_equal(strlen(found.type), CF_MOUNT_TYPE_BYTES - 1);
	assert_string_equal(options, "rw");
}

static bool is_tmpfs(const char *type)
{
	return strcmp(type, "tmpfs") == 0;
}

static struct cf_mount_wanted wanted_of(int fd)
{
	struct cf_identity identity = cf_identity_read(fd);

	assert_int_equal(identity.error, 0);
	return (struct cf_mount_wanted){ cf_identity_listed_mount(fd), identity.major,
					 identity.minor, is_tmpfs };
}

static enum cf_mount_answer find(const char *path, struct cf_mount_line *found)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct cf_mount_wanted wanted = wanted_of(fd);

	close(fd);
	memset(found, 0, sizeof(*found));
	return cf_mountinfo_find(&wanted, found);
}

static void the_root_mount_is_found(void **state)
{
	struct cf_mount_line found;

	(void)state;
	errno = EDOM;
	enum cf_mount_answer answer = find("/", &found);
	assert_int_equal(errno, EDOM);
	if (answer == CF_MOUNT_NOT_LISTED)
		unit_skip("the root of this process is no mount point");
	assert_int_equal(answer, CF_MOUNT_FOUND);
	assert_string_equal(found.point, "/");
	assert_true(found.type[0] != '\0');
}

static void a_file_system_of_the_kernels_own_is_not_listed(void **state)
{
	struct cf_mount_line found;
	struct cf_mount_wanted wanted = wanted_of(memfd_create("memory", 0));

	(void)state;
	assert_int_equal(cf_mountinfo_find(&wanted, &found), CF_MOUNT_NOT_LISTED);
}

static void without_memory_or_a_number_nothing_is_known(void **state)
{
	struct cf_mount_line found;
	struct cf_mount_wanted wanted = wanted_of(open("/proc/self", O_PATH));

	(void)state;
	refusal_of_memory();
	enum cf_mount_answer without_memory = cf_mountinfo_find(&wanted, &found);
	refusal_ends();
	refusal_of_numbers();
	enum cf_mount_answer without_number = cf_mountinfo_find(&wanted, &found);
	refusal_ends();
	assert_int_equal(without_memory, CF_MOUNT_UNREADABLE);
	assert_int_equal(without_number, CF_MOUNT_UNREADABLE);
	assert_int_equal(cf_mountinfo_find(&wanted, &found), CF_MOUNT_FOUND);
}

static void without_proc_nothing_is_known(void **state)
{
	struct cf_mount_line found;
	struct cf_mount_wanted wanted = wanted_of(open("/", O_PATH));

	(void)state;
	if (chroot(unit_path("")) == -1)
		unit_skip("no right to change the root");
	assert_int_equal(cf_mountinfo_find(&wanted, &found), CF_MOUNT_UNREADABLE);
}

static void no_number_stays_open(void **state)
{
	struct cf_mount_line found;
	struct cf_mount_wanted none = { 0, 0, 0, is_tmpfs };
	int before = unit_count_fds();

	(void)state;
	assert_int_equal(cf_mountinfo_find(&none, &found), CF_MOUNT_NOT_LISTED);
	find("/", &found);
	assert_int_equal(unit_count_fds(), before);
}

static void a_mount_of_another_namespace_has_the_type_of_its_file_system(void **state)
{
	struct cf_mount_line found;
	struct cf_mount_wanted foreign = wanted_of(open("/proc/self", O_PATH));

	(void)state;
	foreign.id = 0;
	assert_int_equal(cf_mountinfo_find(&foreign, &found), CF_MOUNT_FOUND);
	assert_string_equal(found.type, "proc");
	assert_int_equal(found.major, foreign.major);
	assert_int_equal(found.minor, foreign.minor);
}

static const char *make_place(const char *name)
{
	const char *path = unit_path(name);

	assert_int_equal(mkdir(path, 0755), 0);
	return path;
}

static void a_mount_beyond_the_first_64_kib_is_found_by_its_name(void **state)
{
	struct cf_mount_line found;
	char name[64];

	(void)state;
	unit_enter_private_mounts();
	const char *deep = make_place("a directory with a rather long name, and spaces");
	for (int i = 0; i < MANY_MOUNTS; i++)
		assert_int_equal(mount(deep, deep, NULL, MS_BIND, NULL), 0);
	snprintf(name, sizeof(name), "last \\ one\n");
	const char *last = make_place(name);
	assert_int_equal(mount("source", last, "tmpfs", 0, "size=4k"), 0);
	assert_int_equal(find(last, &found), CF_MOUNT_FOUND);
	assert_string_equal(found.point, last);
	assert_string_equal(found.type, "tmpfs");
}

static const char *mount_overlay(const char *name, const char *lower)
{
	const char *point = make_place(name), *upper = make_place("empty");
	char options[512];

	snprintf(options, sizeof(options), "lowerdir=%s:%s", lower, upper);
	if (mount("overlay", point, "overlay", MS_RDONLY, options) == -1)
		unit_skip("cannot mount this overlay");
	rmdir(upper);
	return point;
}

static void given_a_tmpfs_for_all(void)
{
	unit_enter_private_mounts();
	assert_int_equal(mount("all", unit_path(""), "tmpfs", 0, NULL), 0);
}

static void an_overlay_of_local_layers_stays_one(void **state)
{
	struct cf_mount_line found;

	(void)state;
	given_a_tmpfs_for_all();
	assert_int_equal(find(mount_overlay("o", make_place("lower")), &found),
			 CF_MOUNT_FOUND);
	assert_string_equal(found.type, "overlay");
}

static void an_overlay_has_the_type_of_its_layer_that_is_not_local(void **state)
{
	struct cf_mount_line found;

	(void)state;
	given_a_tmpfs_for_all();
	const char *lower = make_place("lower dir"), *over;
	fuse_mount(lower);
	over = mount_overlay("over", lower);
	assert_int_equal(find(over, &found), CF_MOUNT_FOUND);
	assert_int_equal(strncmp(found.type, "fuse", 4), 0);
	assert_string_equal(found.point, over);

	const char *twice = mount_overlay("twice", over);
	assert_int_equal(find(twice, &found), CF_MOUNT_FOUND);
	assert_int_equal(strncmp(found.type, "fuse", 4), 0);
	assert_string_equal(found.point, twice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_gives_id_type_point_and_options),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(the_root_mount_is_found),
		cmocka_unit_test(a_file_system_of_the_kernels_own_is_not_listed),
		cmocka_unit_test(without_memory_or_a_number_nothing_is_known),
		cmocka_unit_test(without_proc_nothing_is_known),
		cmocka_unit_test(no_number_stays_open),
		cmocka_unit_test(
			a_mount_of_another_namespace_has_the_type_of_its_file_system),
		cmocka_unit_test(a_mount_beyond_the_first_64_kib_is_found_by_its_name),
		cmocka_unit_test(an_overlay_of_local_layers_stays_one),
		cmocka_unit_test(an_overlay_has_the_type_of_its_layer_that_is_not_local),
	};

	return unit_run(tests);
}
