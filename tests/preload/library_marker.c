/* SPDX-License-Identifier: MIT */
/*
 * library_marker.c - a library that exports every function of libcurl's that has a door,
 * and remembers which one was called last, and with what.
 */
#include "library_marker.h"

#include <stddef.h>

const char *marker_called;
const void *marker_argument;

#define MARK(name)                                                                       \
	void *name(const void *argument);                                                \
	void *name(const void *argument)                                                 \
	{                                                                                \
		marker_called = #name;                                                   \
		marker_argument = argument;                                              \
		return NULL;                                                             \
	}

#pragma GCC visibility push(default)
MARK(curl_easy_init)
MARK(curl_easy_duphandle)
MARK(curl_multi_init)
MARK(curl_share_init)
MARK(curl_easy_setopt)
MARK(curl_multi_setopt)
MARK(curl_share_setopt)
MARK(curl_easy_perform)
MARK(curl_multi_add_handle)
MARK(curl_multi_perform)
MARK(curl_multi_poll)
MARK(curl_multi_wait)
MARK(curl_multi_socket_action)
MARK(curl_multi_socket)
MARK(curl_multi_socket_all)
MARK(curl_multi_info_read)
MARK(curl_multi_remove_handle)
MARK(curl_multi_cleanup)
MARK(curl_easy_cleanup)
MARK(curl_share_cleanup)
MARK(curl_global_cleanup)
MARK(curl_easy_strerror)
#pragma GCC visibility pop
