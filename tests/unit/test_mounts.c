/* SPDX-License-Identifier: MIT */
/*
 * test_mounts.c - what is known of each mount. The clock, the memory and the end of a lock
 * are ours here: a second passes at once, and a fork can come at the wrong moment.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "lock.h"
#include "marks.h"
#include "mounts.h"
#include "pool.h"
#include "unit.h"

#define MANY 10000

cf_instant __real_cf_clock_now(void);
cf_instant __wrap_cf_clock_now(void);
void __real_cf_lock_release(struct cf_lock *lock);
void __wrap_cf_lock_release(struct cf_lock *lock);

void *__real_cf_pool_get(struct cf_pool *pool, size_t size);
void *__wrap_cf_pool_get(struct cf_pool *pool, size_t size);

static int64_t passed_ns;
static void (*before_release)(void);
static int pieces_left = -1; /* so many may still be had; -1: any number */

void *__wrap_cf_pool_get(struct cf_pool *pool, size_t size)
{
	if (pieces_left == 0)
		return NULL;
	if (pieces_left > 0)
		pieces_left--;
	return __real_cf_pool_get(pool, size);
}

cf_instant __wrap_cf_clock_now(void)
{
	return __real_cf_clock_now() + passed_ns;
}

void __wrap_cf_lock_release(struct cf_lock *lock)
{
	if (before_release)
		before_release();
	__real_cf_lock_release(lock);
}

static struct cf_identity file_on(uint64_t id)
{
	return (struct cf_identity){ .mount = id, .mount_is_unique = true };
}

static struct cf_mount *add(const struct cf_identity *file, const char *type)
{
	struct cf_mount_line line = { .id = 1, .point = "/mnt" };

	snprintf(line.type, sizeof(line.type), "%s", type);
	return cf_mounts_add(file, &line, true);
}

static void local_types_are_a_list_and_nothing_else_is_trusted(void **state)
{
	static const char *const local[] = { "ext4", "xfs",	"btrfs",    "tmpfs",
					     "proc", "overlay", "devtmpfs", "internal",
					     "nsfs", "zfs",	"vfat",	    "iso9660" };
	static const char *const other[] = {
		"",	    "fuse",   "fuse.sshfs", "fuseblk", "nfs",	   "nfs4",
		"cifs",	    "smb3",   "9p",	    "ceph",    "lustre",   "afs",
		"virtiofs", "gfs2",   "ocfs2",	    "unknown", "ext",	   "ext44",
		"Ext4",	    "vboxsf", "coda",	    "ncpfs",   "orangefs", "beegfs"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		assert_true(cf_mounts_is_local_type(local[i]));
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		assert_false(cf_mounts_is_local_type(other[i]));
}

static void a_mount_is_found_once_it_was_added(void **state)
{
	struct cf_identity local = file_on(1), remote = file_on(2), none = file_on(3);

	(void)state;
	errno = EDOM;
	assert_null(cf_mounts_find(&local));
	struct cf_mount *a = add(&local, "ext4"), *b = add(&remote, "fuse.s3fs");
	assert_ptr_equal(cf_mounts_find(&local), a);
	assert_ptr_equal(cf_mounts_find(&remote), b);
	assert_null(cf_mounts_find(&none));
	assert_true(a->is_local);
	assert_false(b->is_local);
	assert_string_equal(b->type, "fuse.s3fs");
	assert_string_equal(b->point, "/mnt");
	assert_ptr_equal(add(&remote, "nfs"), b);
	assert_string_equal(b->type, "fuse.s3fs"); /* it was certain: ids are unique */
	assert_int_equal(errno, EDOM);
}

static void the_short_way_knows_local_mounts_with_unique_ids_alone(void **state)
{
	struct cf_identity local = file_on(1), remote = file_on(2);
	struct cf_identity recycled = { .mount = 3, .major = 8, .minor = 5 };

	(void)state;
	assert_false(cf_mounts_is_known_local(&local));
	add(&local, "ext4");
	add(&remote, "fuse");
	add(&recycled, "ext4");
	assert_true(cf_mounts_is_known_local(&local));
	assert_false(cf_mounts_is_known_local(&remote));
	assert_false(cf_mounts_is_known_local(&recycled));
}

static void what_is_not_certain_expires_soon_too(void **state)
{
	struct cf_identity file = file_on(1), on_disk = { .mount = 5, .major = 8 };
	struct cf_mount_line unknown = { .type = "unknown" };

	(void)state;
	assert_non_null(cf_mounts_add(&file, &unknown, false));
	assert_non_null(cf_mounts_add(&on_disk, &unknown, false));
	assert_non_null(cf_mounts_find(&file));
	passed_ns = 251 * CF_MS;
	assert_null(cf_mounts_find(&file));
	assert_null(cf_mounts_find(&on_disk));
	add(&file, "ext4");
	assert_true(cf_mounts_find(&file)->is_local);
}

static void ids_that_are_used_again_expire_after_250_ms(void **state)
{
	struct cf_identity recycled = { .mount = 5, .minor = 50 };

	(void)state;
	struct cf_mount *mount = add(&recycled, "ext4");
	assert_ptr_equal(cf_mounts_find(&recycled), mount);
	passed_ns = 200 * CF_MS;
	assert_ptr_equal(cf_mounts_find(&recycled), mount);
	passed_ns = 251 * CF_MS;
	assert_null(cf_mounts_find(&recycled));
	assert_ptr_equal(add(&recycled, "fuse"), mount);
	assert_false(mount->is_local);
}

static void ids_of_real_devices_and_unique_ids_do_not_expire(void **state)
{
	struct cf_identity on_disk = { .mount = 5, .major = 8, .minor = 1 };
	struct cf_identity other_disk = { .mount = 5, .major = 8, .minor = 2 };
	struct cf_identity unique = file_on(5);

	(void)state;
	add(&on_disk, "ext4");
	add(&unique, "nfs");
	passed_ns = INT64_C(1000000) * 1000 * CF_MS;
	assert_non_null(cf_mounts_find(&on_disk));
	assert_non_null(cf_mounts_find(&unique));
	assert_null(cf_mounts_find(&other_disk));
}

static void a_healthy_mount_grants_the_whole_deadline(void **state)
{
	struct cf_identity file = file_on(1);

	(void)state;
	assert_int_equal(cf_mounts_patience(NULL, 300 * CF_MS), 300 * CF_MS);
	assert_int_equal(cf_mounts_patience(add(&file, "fuse"), 300 * CF_MS),
			 300 * CF_MS);
	assert_true(cf_mounts_patience(add(&file, "fuse"), CF_NEVER) == CF_NEVER);
}

static void expire(struct cf_mount *mount, int64_t deadline_ms, int64_t patience_ms)
{
	cf_mounts_note_expired(mount, deadline_ms * CF_MS, patience_ms * CF_MS, 0);
}

static void a_sick_mount_grants_tenths_of_one_more_deadline_then_0(void **state)
{
	struct cf_identity file = file_on(1);
	struct cf_mount *mount = add(&file, "fuse");

	(void)state;
	expire(mount, 300, 300);
	assert_true(cf_marks_has(CF_MARK_SICK, &file));
	for (int i = 0; i < 9; i++) {
		assert_int_equal(cf_mounts_patience(mount, 300 * CF_MS), 30 * CF_MS);
		expire(mount, 300, 30);
	}
	expire(mount, 300, 20);
	assert_int_equal(cf_mounts_patience(mount, 300 * CF_MS), 10 * CF_MS);
	expire(mount, 300, 10);
	assert_int_equal(cf_mounts_patience(mount, 300 * CF_MS), 0);
	expire(mount, 300, 30);
	assert_int_equal(cf_mounts_patience(mount, 300 * CF_MS), 0);
	atomic_store(&mount->sick_ns, 0); /* a hand has come back */
	assert_int_equal(cf_mounts_patience(mount, 300 * CF_MS), 300 * CF_MS);
}

static void a_longer_deadline_is_kept_until_it_has_expired_itself(void **state)
{
	struct cf_identity file = file_on(1);
	struct cf_mount *mount = add(&file, "fuse");

	(void)state;
	expire(mount, 300, 300);
	assert_int_equal(cf_mounts_patience(mount, 5000 * CF_MS), 5000 * CF_MS);
	assert_int_equal(cf_mounts_patience(mount, 100 * CF_MS), 10 * CF_MS);
	expire(mount, 5000, 5000);
	assert_int_equal(cf_mounts_patience(mount, 5000 * CF_MS), 500 * CF_MS);
	assert_int_equal(mount->shared_ns, 5000 * CF_MS);
	/* whoever began before it turned sick charges nothing */
	expire(mount, 300, 300);
	assert_int_equal(mount->shared_ns, 5000 * CF_MS);
}

static void an_expiry_where_others_came_back_since_makes_nothing_sick(void **state)
{
	struct cf_identity file = file_on(1);
	struct cf_mount *mount = add(&file, "fuse");

	(void)state;
	mount->returns = 7;
	cf_mounts_note_expired(mount, 300 * CF_MS, 300 * CF_MS, 6);
	assert_int_equal(cf_mounts_patience(mount, 300 * CF_MS), 300 * CF_MS);
	cf_mounts_note_expired(mount, 300 * CF_MS, 300 * CF_MS, 7);
	assert_int_equal(cf_mounts_patience(mount, 300 * CF_MS), 30 * CF_MS);
}

static void ten_thousand_mounts_are_all_found_and_stay_in_place(void **state)
{
	static struct cf_mount *mounts[MANY];

	(void)state;
	for (uint64_t i = 0; i < MANY; i++) {
		struct cf_identity file = file_on(i + 1);

		mounts[i] = add(&file, i % 2 ? "ext4" : "fuse");
		assert_non_null(mounts[i]);
	}
	for (uint64_t i = 0; i < MANY; i++) {
		struct cf_identity file = file_on(i + 1);

		assert_ptr_equal(cf_mounts_find(&file), mounts[i]);
		assert_int_equal(mounts[i]->is_local, i % 2);
	}
}

static void without_memory_nothing_is_recorded_and_later_it_is(void **state)
{
	struct cf_identity file = file_on(1), other = file_on(2);

	(void)state;
	for (int missing = 1; missing <= 3; missing++) { /* entry, table, buckets */
		pieces_left = missing - 1;
		assert_null(add(&file, "fuse"));
		pieces_left = -1;
		assert_null(cf_mounts_find(&file));
	}
	struct cf_mount *mount = add(&file, "fuse");
	assert_non_null(mount);
	pieces_left = 0;
	assert_null(add(&other, "fuse"));
	assert_ptr_equal(add(&file, "nfs"), mount);
	pieces_left = -1;
	assert_ptr_equal(cf_mounts_find(&file), mount);
}

static void *add_many(void *first)
{
	for (uint64_t i = 0; i < 1000; i++) {
		struct cf_identity file = file_on(*(uint64_t *)first + i);

		add(&file, "fuse");
		cf_mounts_find(&file);
	}
	return NULL;
}

static void threads_may_add_at_once(void **state)
{
	pthread_t threads[2];
	uint64_t first[2] = { 1, 501 };

	(void)state;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, add_many, &first[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (uint64_t id = 1; id <= 1500; id++) {
		struct cf_identity file = file_on(id);

		assert_non_null(cf_mounts_find(&file));
	}
}

static void keep_sick_and_drop_hands(void **state)
{
	struct cf_identity file = file_on(1);
	struct cf_mount *mount = cf_mounts_find(&file);

	assert_ptr_equal(mount, *state);
	cf_mounts_after_fork();
	assert_ptr_equal(cf_mounts_find(&file), mount);
	assert_int_equal(mount->hands, 0);
	assert_int_equal(mount->sick_ns, 300 * CF_MS);
	assert_int_equal(cf_mounts_patience(mount, 300 * CF_MS), 30 * CF_MS);
}

static void law_9_a_forked_child_keeps_sick_mounts_and_drops_their_hands(void **state)
{
	struct cf_identity file = file_on(1);
	struct cf_mount *mount = add(&file, "fuse");

	(void)state;
	mount->hands = 5;
	expire(mount, 300, 300);
	unit_in_child(keep_sick_and_drop_hands, mount);
	assert_int_equal(mount->hands, 5);
}

static int status_of_child = -1;

/* A thread that is inside at the fork is not there in the child to come out. */
static void fork_inside(void)
{
	struct cf_identity file = file_on(1);

	before_release = NULL;
	pid_t child = fork();
	if (child == 0) {
		cf_mounts_after_fork();
		__real_cf_lock_release(&(struct cf_lock){ 0 }); /* no longer inside */
		bool is_forgotten = !cf_mounts_find(&file);
		struct cf_mount *mount = add(&file, "nfs");

		_exit(is_forgotten && mount && cf_mounts_find(&file) == mount ? 0 : 1);
	}
	waitpid(child, &status_of_child, 0);
}

static void a_child_of_a_fork_in_the_middle_of_a_change_forgets_all(void **state)
{
	struct cf_identity file = file_on(1);

	(void)state;
	add(&file, "fuse");
	before_release = fork_inside;
	cf_mounts_find(&file);
	assert_int_equal(status_of_child, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_types_are_a_list_and_nothing_else_is_trusted),
		cmocka_unit_test(a_mount_is_found_once_it_was_added),
		cmocka_unit_test(the_short_way_knows_local_mounts_with_unique_ids_alone),
		cmocka_unit_test(what_is_not_certain_expires_soon_too),
		cmocka_unit_test(ids_that_are_used_again_expire_after_250_ms),
		cmocka_unit_test(ids_of_real_devices_and_unique_ids_do_not_expire),
		cmocka_unit_test(a_healthy_mount_grants_the_whole_deadline),
		cmocka_unit_test(a_sick_mount_grants_tenths_of_one_more_deadline_then_0),
		cmocka_unit_test(a_longer_deadline_is_kept_until_it_has_expired_itself),
		cmocka_unit_test(
			an_expiry_where_others_came_back_since_makes_nothing_sick),
		cmocka_unit_test(ten_thousand_mounts_are_all_found_and_stay_in_place),
		cmocka_unit_test(without_memory_nothing_is_recorded_and_later_it_is),
		cmocka_unit_test(threads_may_add_at_once),
		cmocka_unit_test(
			law_9_a_forked_child_keeps_sick_mounts_and_drops_their_hands),
		cmocka_unit_test(a_child_of_a_fork_in_the_middle_of_a_change_forgets_all),
	};

	return unit_run(tests);
}
