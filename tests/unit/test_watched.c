/* SPDX-License-Identifier: MIT */
/*
 * test_watched.c - what the requests of a userfaultfd say of its ranges. The kernel's answer
 * is ours here.
 */
#include "watched.h"

#include <errno.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "ranges.h"
#include "unit.h"

#define FD 7

int __wrap_cf_real_ioctl(int fd, unsigned long request, void *argument);

static struct {
	unsigned long request;
	void *argument;
	int result;
} kernel;

int __wrap_cf_real_ioctl(int fd, unsigned long request, void *argument)
{
	assert_int_equal(fd, FD);
	kernel.request = request;
	kernel.argument = argument;
	if (kernel.result == -1)
		errno = EBUSY;
	return kernel.result;
}

static void ask(unsigned long request, void *argument)
{
	errno = EDOM;
	assert_int_equal(cf_watched_ioctl(FD, request, argument), kernel.result);
	assert_int_equal(errno, kernel.result == -1 ? EBUSY : EDOM);
	assert_int_equal(kernel.request, request);
	assert_ptr_equal(kernel.argument, argument);
}

static void ask_for(uint64_t features)
{
	ask(UFFDIO_API, &(struct uffdio_api){ .api = UFFD_API, .features = features });
}

static void watch(uintptr_t start, size_t length)
{
	struct uffdio_register wanted = { .range = { start, length } };

	ask(UFFDIO_REGISTER, &wanted);
}

static void let_be(uintptr_t start, size_t length)
{
	struct uffdio_range range = { start, length };

	ask(UFFDIO_UNREGISTER, &range);
}

static void three_requests_are_of_interest(void **state)
{
	(void)state;
	assert_false(cf_watched_is_plain(UFFDIO_API));
	assert_false(cf_watched_is_plain(UFFDIO_REGISTER));
	assert_false(cf_watched_is_plain(UFFDIO_UNREGISTER));
	assert_true(cf_watched_is_plain(UFFDIO_COPY));
	assert_true(cf_watched_is_plain(UFFDIO_WAKE));
	assert_true(cf_watched_is_plain(FIONREAD));
	assert_true(cf_watched_is_plain(0));
}

static void nothing_is_noted_before_somebody_wants_to_know_of_munmap(void **state)
{
	(void)state;
	watch(0x10000, 0x2000);
	ask_for(UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP);
	watch(0x10000, 0x2000);
	assert_false(cf_ranges_any());
	ask_for(UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_UNMAP);
	watch(0x10000, 0x2000);
	assert_true(cf_ranges_any());
}

static void a_watched_range_is_known_until_it_is_let_be(void **state)
{
	struct cf_range piece;

	(void)state;
	ask_for(UFFD_FEATURE_EVENT_UNMAP);
	watch(0x10000, 0x4000);
	assert_true(cf_ranges_find(0, UINTPTR_MAX, &piece));
	assert_int_equal(piece.start, 0x10000);
	assert_int_equal(piece.end, 0x14000);
	assert_int_equal(piece.kind, CF_RANGE_WATCHED);
	assert_int_equal(piece.fd, -1);
	assert_null(piece.mount);
	assert_string_equal(piece.name, "");
	let_be(0x11000, 0x1000);
	assert_int_equal(cf_ranges_spans()->count, 2);
	let_be(0x10000, 0x4000);
	assert_false(cf_ranges_any());
}

static void what_the_kernel_refuses_is_not_noted(void **state)
{
	(void)state;
	kernel.result = -1;
	ask_for(UFFD_FEATURE_EVENT_UNMAP);
	kernel.result = 0;
	watch(0x10000, 0x2000);
	assert_false(cf_ranges_any()); /* nobody is told */
	ask_for(UFFD_FEATURE_EVENT_UNMAP);
	kernel.result = -1;
	watch(0x10000, 0x2000);
	assert_false(cf_ranges_any());
	kernel.result = 0;
	watch(0x10000, 0x2000);
	kernel.result = -1;
	let_be(0x10000, 0x2000);
	assert_true(cf_ranges_any());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_requests_are_of_interest),
		cmocka_unit_test(
			nothing_is_noted_before_somebody_wants_to_know_of_munmap),
		cmocka_unit_test(a_watched_range_is_known_until_it_is_let_be),
		cmocka_unit_test(what_the_kernel_refuses_is_not_noted),
	};

	return unit_run(tests);
}
