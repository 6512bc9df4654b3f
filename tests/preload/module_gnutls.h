/* SPDX-License-Identifier: MIT */
#ifndef MODULE_GNUTLS_H
#define MODULE_GNUTLS_H

#include <curl/curl.h>

/*
 * module_gnutls.h - what victim_curl_twins finds in its module by dlsym. One thread.
 */

/* Connect an easy handle to this url. Returns the result of the transfer. */
__attribute__((visibility("default"))) int
module_connect(const char *url, curl_closesocket_callback on_close, void *data);

/* Clean it up. */
__attribute__((visibility("default"))) void module_clean_up(void);

#endif
