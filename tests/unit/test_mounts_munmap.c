/* SPDX-License-Identifier: MIT */
/*
 * test_mounts_munmap.c - mounts.h once more: where a munmap writes pages back, and for which
 * deadlines a mount is sick.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "clock.h"
#include "mounts.h"
#include "unit.h"

static bool writes_back(const char *type)
{
	struct cf_mount mount = { 0 };

	snprintf(mount.type, sizeof(mount.type), "%s", type);
	return cf_mounts_writes_back(&mount);
}

static void types_that_write_back_are_a_list(void **state)
{
	static const char *const yes[] = { "fuse", "fuse.sshfs", "fuseblk", "virtiofs",
					   "9p",   "coda",	 "unknown" };
	static const char *const no[] = { "ext4", "nfs",  "nfs4", "cifs", "ceph",
					  "fus",  "9pfs", "",	  "tmpfs" };

	(void)state;
	assert_true(cf_mounts_writes_back(NULL));
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(writes_back(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(writes_back(no[i]));
}

static void a_mount_is_sick_for_what_has_expired_and_what_is_shorter(void **state)
{
	struct cf_mount mount = { 0 };

	(void)state;
	assert_false(cf_mounts_is_sick_for(&mount, 1));
	assert_true(cf_mounts_is_sick_for(&mount, 0));
	cf_mounts_note_expired(&mount, 300 * CF_MS, 300 * CF_MS, 0);
	assert_true(cf_mounts_is_sick_for(&mount, 300 * CF_MS));
	assert_true(cf_mounts_is_sick_for(&mount, 1 * CF_MS));
	assert_false(cf_mounts_is_sick_for(&mount, 301 * CF_MS));
	assert_false(cf_mounts_is_sick_for(&mount, CF_NEVER));
	atomic_store(&mount.sick_ns, 0); /* a hand has come back */
	assert_false(cf_mounts_is_sick_for(&mount, 1 * CF_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_that_write_back_are_a_list),
		cmocka_unit_test(
			a_mount_is_sick_for_what_has_expired_and_what_is_shorter),
	};

	return unit_run(tests);
}
