/* SPDX-License-Identifier: MIT */
/*
 * late_binding.c - a shared object that passes for a libcurl and binds late: its slot for
 * poll() leads back into it until its first use.
 */
#include <poll.h>
#include <stddef.h>

__attribute__((visibility("default"))) int curl_multi_cleanup(int timeout_ms);

int curl_multi_cleanup(int timeout_ms)
{
	return poll(NULL, 0, timeout_ms);
}
